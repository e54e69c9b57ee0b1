/**
 * Milliseconds a Retry-After header asks for: seconds, or an HTTP date held against the clock. null when there
 * is none or it is neither. Source: RFC 9110, section 10.2.3.
 */
export function retryAfterMilliseconds(header: string | null, now: Date): number | null {
  const text = header?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  // Date.parse takes much that is no date; an HTTP date begins with a day's name.
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return null;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : Math.max(0, time - now.getTime());
}

/** Milliseconds that a header of the vendor's own asks for; null when it does not. */
export function askedMilliseconds(header: string | null): number | null {
  const text = header?.trim() ?? '';
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}
