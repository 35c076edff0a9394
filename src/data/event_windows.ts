/**
 * Which events of a log each event may know of: the earlier ones of the same user.
 *
 * The events that enter histories stand in one list, user by user and in the order of their times. The history of an
 * event is a window of this list that ends in front of its own time, so all histories together take three numbers an
 * event, whatever their length.
 *
 * @module
 */

/** User of an event that belongs to nobody: its history is empty, and it enters none. */
export const NO_USER = 2 ** 32 - 1;

/** What becomes of events of one user and one time: they do not see each other, or the first ones precede the others. */
export type Ties = "apart" | "order";

/** The events of a log by number, in the order of the log. */
export interface EventKeys {
  /** Number of the user, or {@linkcode NO_USER}. */
  readonly users: Uint32Array;
  /** Time. */
  readonly times: Float64Array;
  /** 1 for events that enter histories, else 0. */
  readonly counted: Uint8Array;
}

/** A window of the list of events for each event. */
export interface EventWindows {
  /** Returns the numbers of the events in the history of event number `event`, the oldest first. */
  of(event: number): Uint32Array;
}

/**
 * Finds the history of each event: the last `maxLength` counted events of its user before it, by time and then by
 * number. A log in the order of time takes time that is linear in its events; other users' events are sorted first.
 */
export function windowsOf(keys: EventKeys, maxLength: number, ties: Ties): EventWindows {
  const { users, times, counted } = keys;
  const { order, firsts } = groupByUser(users);
  const listed = new Uint32Array(order.length);
  const from = new Uint32Array(users.length);
  const end = new Uint32Array(users.length);
  let length = 0;
  for (let user = 0; user + 1 < firsts.length; user++) {
    const events = order.subarray(firsts[user], firsts[user + 1]);
    sortByTime(events, times);
    const start = length;
    for (let i = 0, next = 0; i < events.length; i = next) {
      next = ties === "order" ? i + 1 : endOfTie(events, times, i);
      for (let k = i; k < next; k++) {
        from[events[k]] = Math.max(start, length - maxLength);
        end[events[k]] = length;
      }
      for (let k = i; k < next; k++) if (counted[events[k]] === 1) listed[length++] = events[k];
    }
  }
  return { of: (event) => listed.subarray(from[event], end[event]) };
}

/** Lists the events of each user in the order of the log, and where the events of each user start. */
function groupByUser(users: Uint32Array): { order: Uint32Array; firsts: Uint32Array } {
  let count = 0;
  for (const user of users) if (user !== NO_USER && user >= count) count = user + 1;
  const firsts = new Uint32Array(count + 1);
  for (const user of users) if (user !== NO_USER) firsts[user + 1]++;
  for (let user = 0; user < count; user++) firsts[user + 1] += firsts[user];
  const order = new Uint32Array(firsts[count]);
  const next = firsts.slice();
  users.forEach((user, event) => {
    if (user !== NO_USER) order[next[user]++] = event;
  });
  return { order, firsts };
}

function sortByTime(events: Uint32Array, times: Float64Array): void {
  for (let i = 1; i < events.length; i++) {
    if (times[events[i]] >= times[events[i - 1]]) continue;
    events.sort((a, b) => times[a] - times[b] || a - b);
    return;
  }
}

function endOfTie(events: Uint32Array, times: Float64Array, start: number): number {
  let end = start + 1;
  while (end < events.length && times[events[end]] === times[events[start]]) end++;
  return end;
}
