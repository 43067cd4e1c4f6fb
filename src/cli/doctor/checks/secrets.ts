import type { Check, Context } from '../check.ts';
import { onEachInstance } from '../each-instance.ts';
import { type Finding, fail, messageOf, ok, skip, worst } from '../finding.ts';

const same = 'Give all instances the same JWT_SECRET, and restart them.';

const stores = 'The secrets agree, the databases do not: give all instances the same MYSQL_URL.';

/** All instances sign with the same secret, and take each other's tokens. */
export const secrets: Check = {
  name: 'secrets',
  async run(context) {
    const compared = compare(context);
    return worst([compared, await exchange(context, compared.status === 'FAIL' ? same : stores)]);
  },
};

const compare = ({ survey }: Context): Finding => {
  if (survey.samples.size === 0)
    return skip(survey.missing ?? 'no instance told of its secret', 'Let /health/echo through.');
  const secretOf = [...survey.samples].map(([instance, samples]) => [instance, samples[0]?.echo.secret] as const);
  const different = new Set(secretOf.map(([, secret]) => secret)).size;
  if (different > 1)
    return fail(`${different} different secrets: ${secretOf.map(pair => pair.join(' ')).join(', ')}`, same);
  return ok(`one secret on ${named(secretOf.length)}`);
};

const exchange = async (context: Context, remedy: string): Promise<Finding> => {
  try {
    const token = await context.account.token();
    const { clients, refusals } = await onEachInstance(context, token);
    for (const { socket } of clients.values()) socket.disconnect();
    if (refusals.size === 0) return ok(`a token is taken by ${named(clients.size)}`);
    const [instance, code] = [...refusals][0]!;
    return fail(`${instance} refuses a token that another instance issued (${code})`, remedy);
  } catch (error) {
    return skip(`no token was tried: ${messageOf(error)}`, 'See events.');
  }
};

const named = (count: number) => (count === 1 ? 'one instance' : `${count} instances`);
