import { connect as connectTcp } from 'node:net';

type At = { url: string };

/** Bytes as they are, over a connection of their own; resolves with all that came back when the server closed it. */
export const raw = (
  server: At,
  text: string | Buffer,
  { drip = [] as string[], everyMs = 500 } = {},
): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    const socket = connectTcp(Number(port), hostname);
    let answer = '';
    const rest = [...drip];
    const timer = setInterval(() => {
      const next = rest.shift();
      if (next !== undefined && socket.writable) socket.write(next);
    }, everyMs);
    socket.setEncoding('latin1');
    socket.on('data', chunk => {
      answer += chunk;
    });
    socket.once('error', error => {
      clearInterval(timer);
      // What was answered before a reset counts.
      if (answer === '') reject(error);
      else resolve(answer);
    });
    socket.once('close', () => {
      clearInterval(timer);
      resolve(answer);
    });
    socket.write(text);
  });

/** An HTTP request as text, on a connection that is closed after the answer. */
export const request = (line: string, headers: Record<string, string> = {}, body = '') =>
  [
    `${line} HTTP/1.1`,
    ...Object.entries({ Host: 'localhost', Connection: 'close', ...headers }).map(
      ([name, value]) => `${name}: ${value}`,
    ),
    '',
    body,
  ].join('\r\n');
