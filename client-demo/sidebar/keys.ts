/** What arrow keys go through: each row of the list and of what was found, but for those of an earlier search. */
const rowsIn = (list: Element) =>
  [...list.querySelectorAll<HTMLElement>('.sidebar-row')].filter(row => !row.closest('[inert]'));

export const focusFirst = (list: Element) => {
  const rows = rowsIn(list);
  (rows.find(row => row.tabIndex === 0) ?? rows[0])?.focus();
};

export const openFirst = (list: Element) => rowsIn(list)[0]?.click();

/** For `onKeyDown` of a list: arrows, Home and End move between its rows, and from the first one to the search. */
export const moveBetweenRows = (event: KeyboardEvent) => {
  const list = event.currentTarget as HTMLElement;
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const rows = rowsIn(list);
  const now = rows.indexOf(document.activeElement as HTMLElement);
  if (now < 0) return;
  const next = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  if (next < 0) focusSearch(list);
  else rows[next]?.focus();
};

export const focusSearch = (list: Element) =>
  list.closest('.sidebar')?.querySelector<HTMLElement>('.search-field input')?.focus();
