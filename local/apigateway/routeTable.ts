export interface MatchedRoute<Route> {
  readonly route: Route;
  /** Decoded values of the variables in the route's path. */
  readonly pathParameters: Readonly<Record<string, string>>;
}

interface CompiledRoute<Route> {
  readonly route: Route;
  /** `ANY` for all. */
  readonly method: string;
  readonly segments: readonly Segment[];
}

type Segment =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'rest'; readonly name: string };

const ranks = { text: 0, variable: 1, rest: 2 };

/**
 * Finds the most specific route of a request: at each segment literal text comes before a variable and a
 * variable before `{name+}`; of equal paths the one that names the method comes before ANY; `$default`
 * takes what is left. Throws when a route key cannot be read or stands twice.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
export function routeTable<Route extends { readonly routeKey: string }>(
  routes: readonly Route[],
): (method: string, path: string) => MatchedRoute<Route> | null {
  const keys = new Set<string>();
  const compiled: CompiledRoute<Route>[] = [];
  let fallback: Route | null = null;
  for (const route of routes) {
    if (keys.has(route.routeKey)) throw new Error(`route ${route.routeKey} stands twice`);
    keys.add(route.routeKey);
    if (route.routeKey === '$default') fallback = route;
    else compiled.push(compile(route));
  }
  compiled.sort(moreSpecificFirst);
  return (method, path) => {
    const parts = path.split('/').slice(1);
    for (const { route, method: wanted, segments } of compiled) {
      if (wanted !== 'ANY' && wanted !== method) continue;
      const pathParameters = match(segments, parts);
      if (pathParameters) return { route, pathParameters };
    }
    return fallback === null ? null : { route: fallback, pathParameters: {} };
  };
}

function compile<Route extends { readonly routeKey: string }>(route: Route): CompiledRoute<Route> {
  const parsed = /^(ANY|GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (\/.*)$/.exec(route.routeKey);
  if (!parsed) throw new Error(`the route key ${route.routeKey} cannot be read`);
  const [, method = '', path = ''] = parsed;
  const parts = path.split('/').slice(1);
  const segments = parts.map((text, index): Segment => {
    const variable = /^\{([A-Za-z0-9_-]+)(\+?)\}$/.exec(text);
    if (!variable) return { kind: 'text', text };
    const [, name = '', greedy] = variable;
    if (!greedy) return { kind: 'variable', name };
    if (index < parts.length - 1) throw new Error(`in ${route.routeKey} {${name}+} must come last`);
    return { kind: 'rest', name };
  });
  return { route, method, segments };
}

function moreSpecificFirst<Route>(a: CompiledRoute<Route>, b: CompiledRoute<Route>): number {
  for (let index = 0; index < Math.max(a.segments.length, b.segments.length); index++) {
    const [left, right] = [a.segments[index], b.segments[index]];
    // The longer path goes first, so that `/a/{rest+}` comes before nothing at all.
    if (!left || !right) return left ? -1 : 1;
    if (left.kind !== right.kind) return ranks[left.kind] - ranks[right.kind];
  }
  return Number(a.method === 'ANY') - Number(b.method === 'ANY');
}

function match(
  segments: readonly Segment[],
  parts: readonly string[],
): Readonly<Record<string, string>> | null {
  const greedy = segments.at(-1)?.kind === 'rest';
  if (greedy ? parts.length < segments.length : parts.length !== segments.length) return null;
  const values: [string, string][] = [];
  for (const [index, segment] of segments.entries()) {
    const part = parts[index] ?? '';
    if (segment.kind === 'text') {
      if (decodeURIComponent(part) !== segment.text) return null;
    } else {
      const value = segment.kind === 'rest' ? parts.slice(index).join('/') : part;
      if (value === '') return null;
      values.push([segment.name, decodeURIComponent(value)]);
    }
  }
  return Object.fromEntries(values);
}
