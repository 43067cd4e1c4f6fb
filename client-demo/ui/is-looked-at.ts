/** Whether the page is before somebody's eyes, as far as a page can tell. */
export const isLookedAt = () => document.visibilityState === 'visible' && document.hasFocus();
