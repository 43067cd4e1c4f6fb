/** What the server takes, in UTF-16 units as it counts them (`limits.message`). */
export const maxLength = 8_000;
/** From here on it is told how much is left. */
export const nearMaxLength = 7_500;

/** As it is sent: without blank lines around it, and without what no message may hold (NUL, halves of characters). */
export const cleaned = (text: string) =>
  text
    .replaceAll(/\0|\p{Cs}/gu, '')
    .replace(/^(?:[^\S\n]*\n)+/u, '')
    .trimEnd();

export const isBlank = (text: string) => cleaned(text).trim() === '';

/** Writes into the field where the caret stands, or over what is selected, as one step that can be undone. */
export const insertText = (field: HTMLTextAreaElement, text: string) => {
  field.focus();
  // Nothing else keeps what was typed before undoable.
  if (document.execCommand('insertText', false, text)) return;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, 'end');
  field.dispatchEvent(new InputEvent('input', { bubbles: true }));
};
