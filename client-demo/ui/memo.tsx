import { Component, type FunctionComponent } from 'preact';

const differ = <P extends object>(now: P, next: P) => {
  const keys = new Set([...Object.keys(now), ...Object.keys(next)]) as Set<keyof P>;
  return [...keys].some(key => !Object.is(now[key], next[key]));
};

/** Draws again only where a property is another object: for rows of long lists. */
export const memo = <P extends object>(Inner: FunctionComponent<P>) =>
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: P) {
      return differ(this.props as P, next);
    }

    override render() {
      return <Inner {...(this.props as P)} />;
    }
  };

/**
 * Like `memo`, for rows of a list that stays while all around it comes and goes: each draws itself, right after its list and before
 * anything is seen. What Preact drew last of a row that was skipped knows the list, and with it the whole page, of that time; drawn
 * again by its list it keeps that, and old pages hang together by their rows for as long as anything holds the first of them. Drawn
 * by itself it lets go.
 */
export const memoApart = <P extends object>(Inner: FunctionComponent<P>) =>
  class MemoApart extends Component<P> {
    drawn = this.props as P;

    override shouldComponentUpdate(next: P) {
      if (differ(this.drawn, next)) queueMicrotask(() => this.forceUpdate());
      return false;
    }

    override render() {
      this.drawn = this.props as P;
      return <Inner {...this.drawn} />;
    }
  };
