import type { ComponentChildren, RefObject } from 'preact';
import { useId } from 'preact/hooks';
import './field.css';

interface FieldProps {
  label: string;
  value: string;
  onValue: (value: string) => void;
  /** What is wrong with it: read out, and shown below. */
  error?: string | undefined;
  hint?: ComponentChildren;
  type?: 'text' | 'password' | 'email' | 'search' | 'datetime-local';
  name?: string;
  autoComplete?: string;
  autoCapitalize?: 'none';
  spellcheck?: boolean;
  maxLength?: number;
  /** Where a dialog begins. */
  autofocus?: boolean;
  inputRef?: RefObject<HTMLInputElement | null>;
}

/** A labelled line of text. */
export const TextField = ({ label, value, onValue, error, hint, type = 'text', inputRef, ...rest }: FieldProps) => {
  const id = useId();
  const noteId = `${id}-note`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        {...rest}
        // The types of this element know each kind of field alone, not one of several.
        {...({ type } as { type: 'text' })}
        ref={inputRef}
        id={id}
        dir="auto"
        value={value}
        aria-invalid={error ? true : undefined}
        aria-describedby={error || hint ? noteId : undefined}
        onInput={event => onValue(event.currentTarget.value)}
      />
      {(error || hint) && (
        <p id={noteId} class={error ? 'field-error' : 'field-hint'}>
          {error || hint}
        </p>
      )}
    </div>
  );
};
