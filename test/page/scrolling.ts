import type { Locator, Page } from 'playwright-core';

/** Where a message stands in the window. */
export interface Spot {
  seq: number;
  top: number;
}

/** A message that the reader sees, not the first of them: only half of that may be in sight. */
export const spotInSight = (page: Page): Promise<Spot> =>
  page.locator('.timeline').evaluate(timeline => {
    const edge = timeline.getBoundingClientRect().top;
    const rows = [...timeline.querySelectorAll('.message[data-seq]')];
    const first = rows.findIndex(row => row.getBoundingClientRect().bottom > edge);
    const row = rows[first + 1];
    return { seq: Number(row?.getAttribute('data-seq')), top: row?.getBoundingClientRect().top ?? Number.NaN };
  });

/** How far it was moved since. */
export const movedSince = async (page: Page, { seq, top }: Spot): Promise<number> =>
  (await page.locator(`.message[data-seq="${seq}"]`).evaluate(row => row.getBoundingClientRect().top)) - top;

export const scrollBy = (page: Page, pixels: number) =>
  page.locator('.timeline').evaluate((timeline, by) => {
    timeline.scrollTop += by;
  }, pixels);

export const isInSight = (message: Locator): Promise<boolean> =>
  message.evaluate(row => {
    const { top, bottom } = row.getBoundingClientRect();
    const frame = row.closest('.timeline')?.getBoundingClientRect();
    return frame !== undefined && top >= frame.top - 1 && bottom <= frame.bottom + 1;
  });

export interface Journey {
  /** Every seq that was shown on the way, ascending. */
  seqs: number[];
  /** Times that what was shown did not ascend one by one. */
  holes: number;
  /** Where what the reader saw was moved while pages came and went, with how many pixels (NaN: it was gone). */
  jumps: string[];
  /** The most messages, and nodes of the whole page, that stood at once. */
  rows: number;
  nodes: number;
  steps: number;
  isOver: boolean;
}

/** Scrolls through all there is in this direction, by the pages that come on the way. */
export const travel = (page: Page, way: 'up' | 'down', step = 1_200): Promise<Journey> =>
  page.evaluate(`(async () => {
    const timeline = document.querySelector('.timeline');
    // Not within a frame: the wheel does not move anything there either.
    const frames = () => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve))));
    const seen = new Set();
    const journey = { holes: 0, jumps: [], rows: 0, nodes: 0, steps: 0, isOver: false };
    const deadline = performance.now() + 60_000;
    while (!journey.isOver && performance.now() < deadline) {
      journey.steps++;
      timeline.scrollTop += ${way === 'up' ? -step : step};
      const edge = timeline.getBoundingClientRect().top;
      const before = [...timeline.querySelectorAll('.message[data-seq]')];
      const first = before.findIndex(row => row.getBoundingClientRect().bottom > edge);
      const { seq } = before[Math.min(first + 1, before.length - 1)].dataset;
      const place = () => timeline.querySelector('.message[data-seq="' + seq + '"]')?.getBoundingClientRect().top;
      const top = place();
      await frames();
      const moved = Math.round(place() - top);
      if (!(Math.abs(moved) < 2)) journey.jumps.push('step ' + journey.steps + ', message ' + seq + ': ' + moved);
      const seqs = [...timeline.querySelectorAll('.message[data-seq]')].map(row => Number(row.dataset.seq));
      if (seqs.some((one, at) => at > 0 && one !== seqs[at - 1] + 1)) journey.holes++;
      for (const one of seqs) seen.add(one);
      journey.rows = Math.max(journey.rows, seqs.length);
      journey.nodes = Math.max(journey.nodes, document.querySelectorAll('*').length);
      const [start, end] = [timeline.querySelector('.timeline-beginning'), timeline.querySelector('.timeline-end:last-child')];
      journey.isOver = ${
        way === 'up'
          ? 'start !== null && timeline.scrollTop === 0'
          : 'end === null && timeline.scrollHeight - timeline.scrollTop - timeline.clientHeight < 2'
      };
    }
    return { ...journey, seqs: [...seen].sort((a, b) => a - b) };
  })()`);
