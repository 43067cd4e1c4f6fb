import type { ComponentChild } from 'preact';
import en from '../words/en/index.ts';
import { createDates, type Dates } from './dates.ts';

/** A text, or one for each plural form that the language has. Names in braces are replaced. */
type Text = string | Readonly<Partial<Record<Intl.LDMLPluralRule, string>>>;

/** The message files of a language: rooms of the page, and the texts in each. */
export type Messages = Readonly<Record<string, Readonly<Record<string, Text>>>>;

export type Key = {
  [Room in keyof typeof en & string]: `${Room}.${keyof (typeof en)[Room] & string}`;
}[keyof typeof en & string];

/** `count` chooses the plural form, and is written the language's way. */
export type Values = Readonly<Record<string, string | number>>;

export interface Words {
  readonly language: string;
  t(key: Key, values?: Values): string;
  /** As `t`, with elements among the values. */
  parts(key: Key, values: Readonly<Record<string, ComponentChild>>): ComponentChild[];
  /** Whether there is such a text: for keys that come from elsewhere, such as codes of errors. */
  has(key: string): key is Key;
  readonly dates: Dates;
}

export const createWords = (language: string, messages: Messages): Words => {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);

  const find = (key: string): Text | undefined => {
    const dot = key.indexOf('.');
    const room = key.slice(0, dot);
    const name = key.slice(dot + 1);
    return messages[room]?.[name] ?? (en as Messages)[room]?.[name];
  };

  const formOf = (key: Key, count: unknown): string => {
    const text = find(key);
    if (text === undefined) return key;
    if (typeof text === 'string') return text;
    return (typeof count === 'number' ? text[rules.select(count)] : undefined) ?? text.other ?? key;
  };

  const parts: Words['parts'] = (key, values) =>
    formOf(key, values['count'])
      .split(/\{(\w+)\}/)
      .map((part, at) => {
        if (at % 2 === 0) return part;
        const value = values[part];
        return typeof value === 'number' ? numbers.format(value) : (value ?? '');
      });

  return {
    language,
    t: (key, values = {}) => parts(key, values).join(''),
    parts,
    has: (key): key is Key => find(key) !== undefined,
    dates: createDates(language),
  };
};
