import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const page = fileURLToPath(new URL('../../client-demo/', import.meta.url));

type Text = string | Record<string, string>;

/** `room.key` to its text, of one language. */
const wordsOf = (language: string) =>
  new Map(
    readdirSync(`${page}words/${language}`)
      .filter(name => name.endsWith('.json'))
      .flatMap(name => {
        const room = name.slice(0, -'.json'.length).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
        const texts = JSON.parse(readFileSync(`${page}words/${language}/${name}`, 'utf8')) as Record<string, Text>;
        return Object.entries(texts).map(([key, text]) => [`${room}.${key}`, text] as const);
      }),
  );

const formsOf = (text: Text) => (typeof text === 'string' ? { other: text } : text);
const valuesIn = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

const sources = readdirSync(page, { recursive: true, encoding: 'utf8' })
  .filter(path => /\.tsx?$/.test(path))
  .map(path => readFileSync(`${page}${path}`, 'utf8'))
  .join('\n');

describe('the words of the page', () => {
  const english = wordsOf('en');
  const languages = readdirSync(`${page}words`);

  test('are there in two languages at least', () => {
    expect(languages.length).toBeGreaterThan(1);
    expect(english.size).toBeGreaterThan(100);
  });

  test.each(languages)('%s has each text, with the same values in it, and each plural form that it needs', language => {
    const words = wordsOf(language);
    expect([...words.keys()].sort()).toEqual([...english.keys()].sort());
    const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    for (const [key, text] of words) {
      const own = formsOf(text);
      const others = formsOf(english.get(key) ?? '');
      expect([key, valuesIn(own['other'] ?? '')]).toEqual([key, valuesIn(others['other'] ?? '')]);
      if (typeof text !== 'string') expect([key, Object.keys(text).sort()]).toEqual([key, [...needed].sort()]);
      for (const form of Object.values(own)) expect([key, form.trim()]).not.toEqual([key, '']);
    }
  });

  test('are all used', () => {
    // Built from codes, groups and kinds: `errors.${code}`.
    const families = [...sources.matchAll(/`(\w+\.\w*)\$\{/g)].map(([, prefix]) => prefix ?? '');
    const unused = [...english.keys()].filter(
      key => !sources.includes(`'${key}'`) && !families.some(prefix => key.startsWith(prefix)),
    );
    expect(unused).toEqual([]);
  });
});
