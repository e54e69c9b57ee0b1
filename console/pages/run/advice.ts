/** What to do about a failure, by its code; none where its message says it already. */
const advice: Readonly<Record<string, string>> = {
  invalid_credentials:
    'Replace the credentials in the settings of the source, test the connection and sync again.',
  source_forbidden: 'Give the user or token the rights that the message names, then sync again.',
  source_unreachable:
    'Check host, port and firewall, and that the source is up. The next scheduled run tries again.',
  source_throttled: 'The source asked to slow down. A later run goes on where this one ended.',
  source_quota_exhausted: 'Wait until the quota is renewed, or raise it at the source.',
  source_not_found:
    'It may have been renamed or removed. Choose the streams again in the settings.',
  cursor_expired: 'A full refresh reads everything anew and sets a new cursor.',
  schema_frozen:
    'Accept the change with another contract in the settings, or undo it at the source.',
  too_many_rejects: 'Look at the rejected rows, mend the data or the types, or raise the limit.',
  file_unreadable: 'Replace or delete the file; the others are loaded without it.',
  lease_expired: 'Sync again; nothing was lost and nothing is loaded twice.',
  out_of_memory: 'Sync again with fewer streams or columns, or raise the memory of the function.',
  queue_timeout: 'The run before took long. Sync again when it has ended.',
  internal_error: 'Sync again. If it stays, the log of the run has the request id to report.',
};

export const adviceFor = (code: string): string | undefined => advice[code];
