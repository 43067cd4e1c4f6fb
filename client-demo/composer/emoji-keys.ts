/**
 * Moves the focus with the arrow keys: along the rows, from group to group, and between the search field and the first row.
 * Whether it was a key for that.
 */
export const moveInGrid = (picker: HTMLElement, key: string): boolean => {
  const now = document.activeElement;
  const search = picker.querySelector<HTMLElement>('.emoji-search');
  const all = [...picker.querySelectorAll<HTMLElement>('.emoji-choice')];
  if (!(now instanceof HTMLElement) || !all.includes(now)) {
    // In the field the other keys move the caret.
    if (key !== 'ArrowDown') return false;
    all[0]?.focus();
    return true;
  }
  const isRtl = getComputedStyle(now).direction === 'rtl';
  const at = all.indexOf(now);
  const targets: Record<string, () => Element | null | undefined> = {
    ArrowLeft: () => all[at + (isRtl ? 1 : -1)],
    ArrowRight: () => all[at + (isRtl ? -1 : 1)],
    ArrowDown: () => inNextRow(picker, now, 1),
    ArrowUp: () => inNextRow(picker, now, -1) ?? search,
    Home: () => all[0],
    End: () => all.at(-1),
  };
  const target = targets[key];
  if (!target) return false;
  const next = target();
  if (next instanceof HTMLElement) next.focus();
  return true;
};

/** What stands below or above it, in its own group or the next one. */
const inNextRow = (picker: HTMLElement, now: Element, by: 1 | -1): Element | undefined => {
  const grid = now.parentElement;
  if (!grid) return undefined;
  const columns = getComputedStyle(grid).gridTemplateColumns.split(' ').length;
  const at = [...grid.children].indexOf(now);
  const rowOf = (index: number) => Math.floor(index / columns);
  const last = grid.children.length - 1;
  const row = rowOf(at) + by;
  if (row >= 0 && row <= rowOf(last)) return grid.children[Math.min(at + by * columns, last)];
  const grids = [...picker.querySelectorAll('.emoji-grid')];
  const next = grids[grids.indexOf(grid) + by];
  if (!next) return undefined;
  const lastThere = next.children.length - 1;
  const start = by > 0 ? 0 : rowOf(lastThere) * columns;
  return next.children[Math.min(start + (at % columns), lastThere)];
};
