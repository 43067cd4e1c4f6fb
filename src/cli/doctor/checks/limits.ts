import type { Check, Context } from '../check.ts';
import { NotConnected } from '../clients.ts';
import { type Finding, fail, messageOf, ok, skip, warn, worst } from '../finding.ts';
import { openPolling } from '../polling.ts';
import { type Answer, describe, type Probe, Refused, Unanswered } from '../probe.ts';

/** What a packet has besides its text, and some. */
const marginBytes = 256;

/** What the server takes at most reaches it: in a body, by polling and in a WebSocket frame. What is larger is refused. */
export const limits: Check = {
  name: 'limits',
  async run(context) {
    const limit = [...context.survey.samples.values()][0]?.[0]?.echo.max_packet_bytes;
    if (limit === undefined)
      return skip(context.survey.missing ?? 'MAX_PACKET_BYTES is not known', 'Let /health/echo through.');
    return worst([
      await body(context.probe, limit),
      await polled(context.probe, limit),
      await framed(context, limit),
      await tooLarge(context.probe, limit),
    ]);
  },
};

const raise = (location: string, limit: number) =>
  `nginx, ${location}: client_max_body_size ${Math.ceil((limit * 2) / 1_024)}k (above MAX_PACKET_BYTES, which is ${limit}); or lower MAX_PACKET_BYTES.`;

/** A sign-in whose name cannot be one: refused as such by the server once it has read it. */
const signIn = (probe: Probe, bytes: number) => {
  const empty = JSON.stringify({ username: '', password: 'x' });
  return probe.patiently('/api/user/v1/login', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: 'x'.repeat(bytes - empty.length), password: 'x' }),
  });
};

const body = async (probe: Probe, limit: number): Promise<Finding> => {
  const answer = await signIn(probe, limit - 1).catch(cut);
  if (answer instanceof Unanswered || answer.status === 413) {
    const seen = `a body of ${limit - 1} bytes: ${answer instanceof Unanswered ? answer.message : describe(answer)}`;
    return fail(seen, raise('location /', limit));
  }
  if (answer.error !== undefined && answer.status < 500) return ok(`bodies of ${limit} bytes pass`);
  return fail(`a body of ${limit - 1} bytes: ${describe(answer)}`, 'See the log of the proxy and of the instances.');
};

const polled = async (probe: Probe, limit: number): Promise<Finding> => {
  try {
    const connection = await openPolling(probe);
    await connection.post(`40{"token":"${'x'.repeat(limit - marginBytes)}"}`);
  } catch (error) {
    if (error instanceof Refused && error.answer.status !== 413)
      return skip(`polling: ${error.message}`, 'See sticky.');
    return fail(`a polling packet of ${limit} bytes: ${messageOf(error)}`, raise('location /socket.io/', limit));
  }
  return ok('polling packets pass');
};

const framed = async ({ clients }: Context, limit: number): Promise<Finding> => {
  const join = (token: string) =>
    clients.connect({ token, transports: ['websocket'] }).catch((error: unknown) => error);
  const small = await join('none');
  if (!isTold(small)) return skip(`WebSocket: ${messageOf(small)}`, 'See websocket.');
  const large = await join('x'.repeat(limit - marginBytes));
  if (isTold(large)) return ok('WebSocket frames pass');
  return fail(
    `a WebSocket frame of ${limit} bytes: ${messageOf(large)}`,
    'A proxy or firewall in front cuts large WebSocket frames: raise its limit, or lower MAX_PACKET_BYTES.',
  );
};

const tooLarge = async (probe: Probe, limit: number): Promise<Finding> => {
  const answer = await signIn(probe, limit + 1_024).catch(cut);
  if (answer instanceof Unanswered || answer.status === 413) return ok('larger ones do not');
  return warn(
    `a body of ${limit + 1_024} bytes: ${describe(answer)}`,
    'Do all instances have the same MAX_PACKET_BYTES?',
  );
};

/** The server itself said that it may not join. */
const isTold = (error: unknown) => error instanceof NotConnected && error.code !== undefined;

const cut = (error: unknown): Answer | Unanswered => {
  if (error instanceof Unanswered) return error;
  throw error;
};
