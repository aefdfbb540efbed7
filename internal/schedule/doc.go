// Package schedule tells when changes may happen: freezes and allow-windows that recur by cron or happen once, in a time zone. It reads no clock.
//
// # Time
//
// The fields of cron, duration, and from and to without an offset are meant as people mean them: as the clock on the wall of the time zone shows
// them. Where that clock is turned, these rules hold.
//
//   - A start that the clock skips happens at the first instant after the gap. One that it shows twice happens once, the first time.
//   - A duration is wall-clock time: FRI 18:00 and 62h end on Monday at 08:00 in every week. Where a gap moved the start, a freeze lasts its duration
//     from there; an allow-window ends when it would have, and does not happen where nothing is left of it.
//   - An end that the clock skips is the first instant after the gap. Of one that it shows twice, a freeze ends at the second and an allow-window
//     at the first: when in doubt, changes wait.
//   - Cron with all hours (*) means real time: it starts whenever the clock shows a minute that matches, so in both of two equal hours and not
//     in one that is skipped, and the duration is elapsed time.
//   - The end of a window, and to, are no part of it. Windows that overlap or touch are one.
//   - As in every cron, day of month and day of week are alternatives where both are given: 0 0 13 * FRI is each 13th and each Friday.
//
// # Time zones
//
// The rules of time zones are those of the machine or, where it has none (distroless and Alpine images, Windows), those built into the binary, which
// makes it 0.45 MB larger. A freeze that ceased to be known where a binary runs in another image would be worse.
package schedule
