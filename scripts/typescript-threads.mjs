import { register } from 'tsx/esm/api';

/*
 * Preloaded (`--import`) where TypeScript runs unbuilt: tsx by itself registers in the main thread only, while a process hands this
 * option on to its worker threads, so that these can be TypeScript too.
 */
register();
