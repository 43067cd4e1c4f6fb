import type { ComponentChildren } from 'preact';

/** One thing of the account that can be changed: its fields, what is wrong with them as a whole, and the button that does it. */
export const SettingsForm = ({
  text,
  error,
  action,
  look = '',
  isDisabled,
  onSubmit,
  children,
}: {
  /** What comes of it. */
  text?: string;
  error: string | undefined;
  /** What the button says. */
  action: string;
  look?: '' | 'primary' | 'danger';
  isDisabled: boolean;
  onSubmit: (event: Event) => void;
  children: ComponentChildren;
}) => (
  <form class="settings-form" noValidate onSubmit={onSubmit}>
    {text && <p class="settings-soft">{text}</p>}
    {error && (
      <p class="form-error" role="alert">
        {error}
      </p>
    )}
    {children}
    <div class="settings-actions">
      <button type="submit" class={`button ${look}`} disabled={isDisabled}>
        {action}
      </button>
    </div>
  </form>
);
