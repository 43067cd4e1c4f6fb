// @ts-check

/** @typedef {string | number | boolean | undefined | EventListener | ((event: never) => void)} Property */
/** @typedef {Node | string | false | null | undefined} Child */

/**
 * An element. Strings become text nodes, never markup; a property whose name begins with `on` has to be a function.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, Property>} [properties] attributes, and listeners as `onclick`; undefined and false leave one out
 * @param {Child[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export const h = (tag, properties = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (name.startsWith('on')) throw new TypeError(`${name} has to be a function`);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(.../** @type {(Node | string)[]} */ (children.filter(child => child || child === '')));
  return element;
};

const paths = {
  back: 'M15 5l-7 7 7 7',
  send: 'M4 12h14M12 5l7 7-7 7',
  plus: 'M12 5v14M5 12h14',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16.5 16.5L21 21',
  react: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8.5 14.5c1.8 2.4 5.2 2.4 7 0M9 9.5v.01M15 9.5v.01',
  reply: 'M10 6L4 12l6 6M4 12h9c4 0 7 2 7 6',
  edit: 'M4 20l1-5L16 4l4 4L9 19zM14 6l4 4',
  unsend: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
  close: 'M6 6l12 12M18 6L6 18',
  people:
    'M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM2.5 20c0-3.5 3-5.5 6.5-5.5s6.5 2 6.5 5.5M16 5.5a3.5 3.5 0 0 1 0 6.5M18 14.8c2.2.8 3.5 2.600 3.5 5.200',
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3 3',
  down: 'M12 5v14M5 12l7 7 7-7',
  out: 'M14 4H6v16h8M10 12h11M17 8l4 4-4 4',
};

/** A drawing that says nothing to a screen reader: its button has a label. @param {keyof typeof paths} name */
export const icon = name => {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', paths[name]);
  svg.append(path);
  return svg;
};

/** @param {keyof typeof paths} name @param {string} label @param {Record<string, Property>} properties */
export const iconButton = (name, label, properties) =>
  h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, ...properties }, icon(name));

/**
 * One thing in a list: `stamp` tells whether it has to be built again.
 * @typedef {{ key: string, stamp: unknown[], build: () => HTMLElement }} Item
 */

/**
 * Keeps a parent's children as the items say, and touches only what differs. The focus stays where it was, by the
 * `data-focus` name of the element that had it.
 *
 * @param {HTMLElement} parent
 */
export const createKeyedList = parent => {
  /** @type {Map<string, { node: HTMLElement, stamp: unknown[] }>} */
  let held = new Map();

  /** @param {HTMLElement} from @param {HTMLElement} to */
  const swap = (from, to) => {
    const focused = from.contains(document.activeElement) ? document.activeElement : null;
    from.replaceWith(to);
    const name = focused instanceof HTMLElement ? focused.dataset.focus : undefined;
    if (!name) return;
    for (const candidate of to.querySelectorAll('[data-focus]'))
      if (candidate instanceof HTMLElement && candidate.dataset.focus === name)
        candidate.focus({ preventScroll: true });
  };

  return {
    /** @param {string} key */
    node: key => held.get(key)?.node,

    /** @param {Item[]} items */
    set(items) {
      /** @type {typeof held} */
      const next = new Map();
      for (const { key, stamp, build } of items) {
        const before = held.get(key);
        const same = before?.stamp.length === stamp.length && before.stamp.every((value, at) => value === stamp[at]);
        if (before && same) next.set(key, before);
        else {
          const node = build();
          if (before) swap(before.node, node);
          next.set(key, { node, stamp });
        }
      }
      for (const [key, { node }] of held) if (!next.has(key)) node.remove();
      held = next;
      let place = parent.firstChild;
      for (const { node } of next.values()) {
        if (node === place) place = place.nextSibling;
        else parent.insertBefore(node, place);
      }
    },
  };
};
