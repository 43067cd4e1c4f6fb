import { Router } from 'express';
import type { Reply } from './context.ts';

/** Milliseconds within which a part must answer to count as ready. */
const patienceMs = 2_000;

/** `checks` reject where a part does not answer; `stopping` is true from the moment on that the server stops. */
export interface Health {
  checks: Record<string, () => Promise<void>>;
  /** Whether the link to other instances works, where there is one; it is told and changes nothing, as all goes on without it. */
  link?: () => boolean;
  stopping: () => boolean;
}

/** `/health/live`: this process answers. `/health/ready`: it should be given work; 503 names the part that is missing, and no more. */
export const createHealth = ({ checks, link, stopping }: Health): Router => {
  const router = Router();
  router.get('/live', (_request, reply: Reply) => void reply.json({ status: 'ok' }));
  router.get('/ready', async (_request, reply: Reply) => {
    const results = await Promise.all(
      Object.entries(checks).map(
        async ([part, check]) => [part, (await answers(check)) ? 'ok' : 'unavailable'] as const,
      ),
    );
    const ready = !stopping() && results.every(([, state]) => state === 'ok');
    const status = ready ? 'ok' : stopping() ? 'stopping' : 'unavailable';
    const told = link ? { link: link() ? 'ok' : 'down' } : {};
    reply.status(ready ? 200 : 503).json({ status, checks: { ...Object.fromEntries(results), ...told } });
  });
  return router;
};

const answers = (check: () => Promise<void>): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>(resolve => {
    timer = setTimeout(resolve, patienceMs, false);
  });
  const answer = check().then(
    () => true,
    () => false,
  );
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
};
