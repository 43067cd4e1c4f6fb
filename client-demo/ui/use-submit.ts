import { ChatError, type ChatErrorCode } from 'parley/client';
import { useState } from 'preact/hooks';
import { useWords } from '../app/context.ts';
import { errorText } from '../language/error-text.ts';
import type { Key } from '../language/words.ts';

/** What is wrong, by field; `form` is what belongs to none. */
export type FormErrors<Field extends string> = { readonly [Name in Field | 'form']?: string };

/** What to say where the server finds a field wrong, by the details that it told. */
export type Refusal = (details: Readonly<Record<string, string | number>>) => string;

const none = {};

/**
 * Does what a form is for, once at a time, and sorts what went wrong by field. `refused`: what to say beside a field that the
 * server finds wrong. `fieldOf`: which field a code of the catalogue is about, and what to say there instead of the catalogue's text.
 */
export const useSubmit = <Field extends string>(
  refused: Readonly<Record<Field, Key | Refusal>>,
  fieldOf: Readonly<Partial<Record<ChatErrorCode, readonly [NoInfer<Field>, Key?]>>> = {},
) => {
  const words = useWords();
  const [isBusy, setBusy] = useState(false);
  const [errors, setErrors] = useState(none as FormErrors<Field>);

  const sort = (error: unknown): FormErrors<Field> => {
    if (!(error instanceof ChatError)) console.error(error);
    const { code, details = {} } = error instanceof ChatError ? error : {};
    const [field = 'form', text] = (code && fieldOf[code]) ?? [];
    const named = (Object.keys(refused) as Field[]).filter(name => name in details);
    const textOf = (refusal: Key | Refusal) => (typeof refusal === 'string' ? words.t(refusal) : refusal(details));
    if (code === 'invalid_input' && named.length > 0)
      return Object.fromEntries(named.map(name => [name, textOf(refused[name])])) as FormErrors<Field>;
    return { [field]: text ? words.t(text) : errorText(words, error) } as FormErrors<Field>;
  };

  return {
    isBusy,
    errors,
    setErrors,
    /** For `onSubmit`. */
    submit: (work: () => Promise<unknown>) => async (event: Event) => {
      event.preventDefault();
      if (isBusy) return;
      setBusy(true);
      setErrors(none as FormErrors<Field>);
      await work().catch(error => setErrors(sort(error)));
      setBusy(false);
    },
  };
};
