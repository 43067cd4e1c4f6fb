/**
 * Text as it is compared: Unicode's NFKC_Casefold as nearly as JavaScript has it, so that what looks or reads alike is equal (S31).
 * Upper case first, as lower case alone keeps `ß` apart from `SS`; a final sigma is a sigma; characters that show nothing are no difference.
 */
export const fold = (text: string) => once(once(text));

/** Folding can leave text that normalises further (`İ`), hence it runs twice; it is then stable. */
const once = (text: string) =>
  text
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .normalize('NFKC');

/** The form under which usernames are unique. */
export const usernameKey = (name: string) => fold(name);
