const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const DAY_AND_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const SHORT_DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const WEEKDAY = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const AGO = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY_MS = 24 * HOUR;

export const clock = (at: number): string => CLOCK.format(at);
export const fullTime = (at: number): string => FULL.format(at);

/** The day's number in this place's calendar, for telling days apart. */
export function dayOf(at: number): number {
  const date = new Date(at);
  return Math.round(new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime() / DAY_MS);
}

/** "Today", "Yesterday", "Monday, 3 March". */
export function dayName(at: number, now: number): string {
  const days = dayOf(now) - dayOf(at);
  if (days === 0 || days === 1) return capital(AGO.format(-days, "day"));
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? DAY.format(at) : DAY_AND_YEAR.format(at);
}

/** For a line of a list: the time of today, the weekday of this week, or the date. */
export function shortTime(at: number, now: number): string {
  const days = dayOf(now) - dayOf(at);
  if (days <= 0) return clock(at);
  return days < 7 ? WEEKDAY.format(at) : SHORT_DAY.format(at);
}

/** "5 minutes ago". */
export function ago(at: number, now: number): string {
  const since = Math.max(0, now - at);
  if (since < MINUTE) return "just now";
  if (since < HOUR) return AGO.format(-Math.floor(since / MINUTE), "minute");
  if (since < DAY_MS) return AGO.format(-Math.floor(since / HOUR), "hour");
  return AGO.format(-Math.floor(since / DAY_MS), "day");
}

function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
