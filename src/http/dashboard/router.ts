import { Router } from 'express';
import type { Snapshot } from '../../observability/metrics.ts';
import type { Reply } from '../context.ts';
import { htmlPage, pageStyle } from '../page.ts';
import { dashboardScript } from './script.ts';

export interface DashboardData extends Snapshot {
  instance: string;
  uptime_s: number;
  event_loop_lag_p99_ms: number;
  rss_bytes: number;
  heap_bytes: number;
}

/** `/dashboard`: what this instance is doing, refreshed every two seconds; `/dashboard/data.json` is the same for machines. */
export const createDashboard = ({
  instance,
  snapshot,
  lagMs,
}: {
  instance: string;
  snapshot: () => Snapshot;
  lagMs: () => number;
}): Router => {
  const router = Router();
  const started = performance.now();
  router.get('/', (_request, reply: Reply) => void reply.type('html').send(page));
  router.get('/style.css', (_request, reply: Reply) => void reply.type('css').send(pageStyle));
  router.get('/page.js', (_request, reply: Reply) => void reply.type('js').send(dashboardScript));
  router.get('/data.json', (_request, reply: Reply) => {
    const { rss, heapUsed } = process.memoryUsage();
    const data: DashboardData = {
      instance,
      uptime_s: Math.round((performance.now() - started) / 1_000),
      event_loop_lag_p99_ms: Math.round(lagMs() * 10) / 10,
      rss_bytes: rss,
      heap_bytes: heapUsed,
      ...snapshot(),
    };
    reply.json(data);
  });
  return router;
};

const page = htmlPage({
  title: 'Parley: monitor',
  style: '/dashboard/style.css',
  script: '/dashboard/page.js',
  body: `<h1>Parley: monitor</h1>
<p id="state" role="status">Loading …</p>
<dl id="figures"></dl>
<h2>Commands</h2>
<table><thead><tr><th>name</th><th>outcome</th><th class="number">count</th><th class="number">a second</th><th class="number">mean ms</th></tr></thead><tbody id="commands"></tbody></table>
<h2>Events</h2>
<table><thead><tr><th>event</th><th class="number">count</th></tr></thead><tbody id="events"></tbody></table>`,
});
