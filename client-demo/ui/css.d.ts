/** Bundled into the page's one stylesheet. */
declare module '*.css';
