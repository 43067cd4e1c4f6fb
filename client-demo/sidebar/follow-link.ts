/** For `onClick` of a link within the page: a new tab or window stays what the browser does. */
export const followLink = (event: MouseEvent, go: () => void) => {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go();
};
