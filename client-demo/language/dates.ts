const dayMs = 86_400_000;

/** Dates as people read them; all take ISO 8601 as the server gives it, and show this device's time zone. */
export interface Dates {
  /** 14:05 */
  clock(iso: string): string;
  /** As short as a list needs it: a time, a weekday, or a day. */
  short(iso: string): string;
  /** Today, Yesterday, or the day in full. */
  day(iso: string): string;
  /** Everything, for a tooltip. */
  full(iso: string): string;
  /** 5 minutes ago. */
  ago(iso: string): string;
  /** The same for all moments of one day. */
  dayKey(iso: string): string;
}

const capital = (text: string, language: string) => text.charAt(0).toLocaleUpperCase(language) + text.slice(1);

export const createDates = (language: string): Dates => {
  const clock = new Intl.DateTimeFormat(language, { hour: 'numeric', minute: '2-digit' });
  const weekday = new Intl.DateTimeFormat(language, { weekday: 'short' });
  const shortDay = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' });
  const longDay = new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long' });
  const year = new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
  const full = new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'medium' });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });

  const startOf = (date: Date) => new Date(date).setHours(0, 0, 0, 0);
  // Days of 23 and 25 hours are rounded away.
  const daysAgo = (date: Date) => Math.round((startOf(new Date()) - startOf(date)) / dayMs);

  return {
    clock: iso => clock.format(new Date(iso)),
    short(iso) {
      const date = new Date(iso);
      const days = daysAgo(date);
      return (days <= 0 ? clock : days < 7 ? weekday : shortDay).format(date);
    },
    day(iso) {
      const date = new Date(iso);
      const days = daysAgo(date);
      if (days === 0 || days === 1) return capital(relative.format(-days, 'day'), language);
      return (date.getFullYear() === new Date().getFullYear() ? longDay : year).format(date);
    },
    full: iso => full.format(new Date(iso)),
    ago(iso) {
      const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(iso)) / 60_000));
      if (minutes < 60) return relative.format(-minutes, 'minute');
      if (minutes < 24 * 60) return relative.format(-Math.floor(minutes / 60), 'hour');
      return relative.format(-Math.floor(minutes / (24 * 60)), 'day');
    },
    dayKey: iso => String(startOf(new Date(iso))),
  };
};
