/** What is to be brought into sight as soon as it is there. */
export type Goal =
  | { readonly kind: 'end' }
  | { readonly kind: 'line' }
  | { readonly kind: 'message'; readonly seq: number };

/** Pixels from the end that still count as being there. */
const nearEnd = 48;

/**
 * Where the reader is in a timeline. It stays there whatever is put in front, behind, or let go of at either end; at the end it follows
 * what is new. `remember` is to be called before the rows change, `restore` after that.
 */
export const createPlace = () => {
  let scroller: HTMLElement | undefined;
  let goal: Goal | undefined;
  let isFollowing = true;
  let lastTop = 0;
  /**
   * What was in sight, by key, with the distance of its lower edge from the upper end, or of its upper edge where that alone was in
   * sight: names come and go above a message, and reactions below it, and what is read next is to stay where it is.
   */
  let seen: readonly { readonly key: string; readonly side: 'top' | 'bottom'; readonly at: number }[] = [];

  /** The scroller's, when that was measured. */
  let width = 0;

  const rows = () => (scroller ? [...scroller.querySelectorAll<HTMLElement>('.message')] : []);
  const distance = () => (scroller ? scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop : 0);
  const edge = () => scroller?.getBoundingClientRect().top ?? 0;

  /** The rows that are in sight, at least in part. They stand in order: the first one is found by halving. */
  const inSight = () => {
    const all = rows();
    const top = edge();
    const bottom = top + (scroller?.clientHeight ?? 0);
    let low = 0;
    let high = all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((all[middle] as HTMLElement).getBoundingClientRect().bottom > top) high = middle;
      else low = middle + 1;
    }
    const sight: { row: HTMLElement; top: number; bottom: number }[] = [];
    for (const row of all.slice(low)) {
      const rect = row.getBoundingClientRect();
      if (rect.top >= bottom) break;
      sight.push({ row, top: rect.top, bottom: rect.bottom });
    }
    return sight;
  };

  const move = (top: number) => {
    if (!scroller) return;
    scroller.scrollTop = top;
    lastTop = scroller.scrollTop;
  };

  /** On phones something else may stand in its place. */
  const isVisible = () => (scroller?.clientHeight ?? 0) > 0;

  const remember = () => {
    if (!scroller || !isVisible()) return;
    width = scroller.clientWidth;
    const top = edge();
    const end = top + scroller.clientHeight;
    seen = inSight().map(({ row, ...edges }) => {
      const side = edges.bottom <= end ? 'bottom' : 'top';
      return { key: row.dataset['key'] ?? '', side, at: edges[side] - top };
    });
  };

  const toEnd = () => {
    isFollowing = true;
    if (scroller) move(scroller.scrollHeight);
  };

  /** So that it is in sight with what is before it. */
  const show = (element: Element, share: number) => {
    if (!scroller) return;
    const rect = element.getBoundingClientRect();
    const room = Math.max(0, (scroller.clientHeight - rect.height) * share);
    move(scroller.scrollTop + rect.top - edge() - room);
    isFollowing = distance() <= nearEnd;
  };

  const findGoal = (wanted: Exclude<Goal, { kind: 'end' }>): Element | undefined => {
    if (wanted.kind === 'line') return scroller?.querySelector('.new-messages-line') ?? undefined;
    const all = rows();
    // Until its page is there, what stands here is from elsewhere.
    const begins = scroller?.querySelector('.timeline-beginning') || Number(all[0]?.dataset['seq']) <= wanted.seq;
    // What is asked for may be no message: the next one then.
    return begins ? all.find(row => Number(row.dataset['seq']) >= wanted.seq) : undefined;
  };

  return {
    attach(element: HTMLElement | null) {
      scroller = element ?? undefined;
    },
    remember() {
      // Lines break elsewhere in another width: what was seen before is put right first.
      if (scroller?.clientWidth === width) remember();
    },
    isVisible,
    /** Returns the goal that was reached, if any. */
    restore(isLookedAt: boolean): Goal | undefined {
      if (!scroller || !isVisible()) return undefined;
      const target = goal && goal.kind !== 'end' ? findGoal(goal) : undefined;
      if (goal && (target || goal.kind === 'end')) {
        const reached = goal;
        goal = undefined;
        if (target) show(target, reached.kind === 'line' ? 0.2 : 0.5);
        else toEnd();
        remember();
        return reached;
      }
      if (isFollowing) {
        toEnd();
        // What comes while nobody looks does not run past them.
        const line = isLookedAt ? null : scroller.querySelector('.new-messages-line');
        if (line && line.getBoundingClientRect().top < edge()) show(line, 0.1);
      } else {
        const top = edge();
        const all = new Map(rows().map(row => [row.dataset['key'] ?? '', row]));
        const held = seen.find(({ key }) => all.has(key));
        const row = held && all.get(held.key);
        const moved = row ? row.getBoundingClientRect()[held.side] - top - held.at : 0;
        if (Math.abs(moved) >= 0.5) move(scroller.scrollTop + moved);
      }
      remember();
      return undefined;
    },
    /** What is wanted is shown by the next `restore` that finds it. */
    aim(wanted: Goal | undefined) {
      goal = wanted;
    },
    /** What was wanted is not there. */
    giveUp(wanted: Goal) {
      if (goal === wanted) goal = undefined;
    },
    /** Pages come in behind: the end that was seen is no end. */
    unfollow() {
      isFollowing = false;
    },
    /** `isWhole`: nothing comes in behind what is drawn, whose end is the end then. */
    scrolled(isWhole: boolean) {
      if (!scroller || !isVisible()) return;
      // Only the reader goes up; further down may be what came meanwhile.
      if (isWhole && distance() <= nearEnd) isFollowing = true;
      else if (scroller.scrollTop < lastTop) isFollowing = false;
      lastTop = scroller.scrollTop;
      remember();
    },
    isFollowing: () => isFollowing,
    distance,
    fromStart: () => scroller?.scrollTop ?? 0,
    /** The lowest message of the log that came into sight, by its seq: as much of it as one reads at a glance. */
    lastSeen(): number | undefined {
      const bottom = edge() + (scroller?.clientHeight ?? 0);
      const last = inSight().findLast(
        ({ row, top }) => row.dataset['seq'] !== undefined && top + Math.min(row.offsetHeight, 48) <= bottom + 2,
      );
      return last && Number(last.row.dataset['seq']);
    },
  };
};

export type ReadersPlace = ReturnType<typeof createPlace>;
