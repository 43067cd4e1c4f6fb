import { parentPort, workerData } from 'node:worker_threads';
import { openIndexFile } from './index-file.ts';

/** A call from `search.ts`. */
export interface Call {
  id: number;
  method: string;
  args: unknown[];
}
/** `error` is text: what an Error loses on its way between threads is of no use there. */
export type Reply = { ready: true } | { id: number; value: unknown } | { id: number; error: string };

if (!parentPort) throw new Error('This file runs as a worker thread only.');
const port = parentPort;
const index = openIndexFile((workerData as { file: string }).file);
const methods = new Map<string, (...args: never[]) => unknown>(Object.entries(index));

const run = ({ id, method, args }: Call): Reply => {
  try {
    return { id, value: methods.get(method)?.(...(args as never[])) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
};

port.on('message', (call: Call) => {
  port.postMessage(run(call));
  if (call.method === 'close') port.close();
});
port.postMessage({ ready: true } satisfies Reply);
