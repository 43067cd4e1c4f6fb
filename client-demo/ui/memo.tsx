import { Component, type FunctionComponent } from 'preact';

/** Draws again only where a property is another object: for rows of long lists. */
export const memo = <P extends object>(Inner: FunctionComponent<P>) =>
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: P) {
      const now = this.props as P;
      const keys = new Set([...Object.keys(now), ...Object.keys(next)]) as Set<keyof P>;
      return [...keys].some(key => !Object.is(now[key], next[key]));
    }

    override render() {
      return <Inner {...(this.props as P)} />;
    }
  };
