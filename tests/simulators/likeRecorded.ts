import type { Json } from '../../shared/json.ts';

/**
 * Where a simulated answer differs in shape from a recorded one: fields the recorded one has not, and values of another
 * kind. null fits everything, because a recording shows one case only.
 */
export function unlikeRecorded(simulated: Json, recorded: Json, at = ''): readonly string[] {
  if (simulated === null || recorded === null) return [];
  if (Array.isArray(simulated) || Array.isArray(recorded)) {
    if (!Array.isArray(simulated) || !Array.isArray(recorded)) return [`${at}: a list, or none`];
    const [first] = recorded as readonly Json[];
    return first === undefined
      ? []
      : (simulated as readonly Json[]).flatMap((each) => unlikeRecorded(each, first, `${at}[]`));
  }
  if (typeof simulated !== typeof recorded)
    return [`${at}: ${typeof simulated} where ${typeof recorded} was recorded`];
  if (typeof simulated !== 'object' || typeof recorded !== 'object') return [];
  const known = recorded as { readonly [name: string]: Json };
  return Object.entries(simulated).flatMap(([name, value]) =>
    Object.hasOwn(known, name)
      ? unlikeRecorded(value as Json, known[name] as Json, `${at}.${name}`)
      : [`${at}.${name}: not in what was recorded`],
  );
}
