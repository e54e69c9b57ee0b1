import { Ajv, type ValidateFunction } from 'ajv';
import type { Json } from '../../shared/json.ts';
import { vendorFile } from './vendorFiles.ts';

/** Holds requests and answers to a vendor's OpenAPI description. Answers what is wrong, or nothing. */
export interface ApiCheck {
  knows(request: CheckedRequest): boolean;
  request(request: CheckedRequest): readonly string[];
  answer(request: CheckedRequest, status: number, body: Json): readonly string[];
}

export interface CheckedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Json | undefined;
}

interface Parameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: 'query' | 'header' | 'path' | 'cookie';
  readonly required?: boolean;
  readonly schema?: { readonly type?: string; readonly enum?: readonly Json[] };
}
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content & { readonly required?: boolean };
  readonly responses?: Readonly<Record<string, Content & { readonly $ref?: string }>>;
}
interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>;
}
interface Description {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, Operation>> & { parameters?: readonly Parameter[] }>
  >;
  readonly components?: { readonly parameters?: Readonly<Record<string, Parameter>> };
}

/** `created[gte]` and `types[]` are the parameters `created` and `types`; `page[size]` may be spelled out, too. */
const bareName = (name: string): string => name.replace(/\[[^\]]*\]$/, '');

/**
 * The check against one file of the vendors' folder; null when it is not there. `prefix` is taken off a request's path
 * where the description leaves it out.
 */
export function openApiCheck(file: string, prefix = ''): ApiCheck | null {
  const description = vendorFile(file) as Description | null;
  if (description === null) return null;
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true, logger: false });
  ajv.addSchema({ ...(withNulls(description) as object), $id: 'api' });
  const compiled = new Map<string, ValidateFunction>();
  const paths = Object.entries(description.paths).map(([template, item]) => ({
    template,
    item,
    pattern: new RegExp(
      `^${template.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`,
    ),
    variables: (template.match(/\{/g) ?? []).length,
  }));
  const find = ({ method, path }: CheckedRequest) => {
    const bare = path.startsWith(prefix) ? path.slice(prefix.length) : path;
    const [best] = paths
      .filter(({ pattern }) => pattern.test(bare))
      .sort((left, right) => left.variables - right.variables);
    const operation = best?.item[method.toLowerCase()];
    return best === undefined || operation === undefined
      ? null
      : { ...best, operation, method: method.toLowerCase() };
  };
  const pointer = (...names: readonly string[]): string =>
    names
      .map((name) => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/');
  const validate = (reference: string, value: Json, what: string): readonly string[] => {
    const check = compiled.get(reference) ?? ajv.compile({ $ref: `api#/${reference}` });
    compiled.set(reference, check);
    return check(value)
      ? []
      : (check.errors ?? []).map(
          ({ instancePath, message }) => `${what}${instancePath}: ${message}`,
        );
  };
  const resolved = (parameter: Parameter): Parameter =>
    parameter.$ref === undefined
      ? parameter
      : (description.components?.parameters?.[parameter.$ref.split('/').at(-1) ?? ''] ?? parameter);

  return {
    knows: (request) => find(request) !== null,
    request(request) {
      const found = find(request);
      if (found === null) return [`there is no ${request.method} ${request.path}`];
      const { item, operation, template, method } = found;
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(
        resolved,
      );
      const inQuery = parameters.filter((parameter) => parameter.in === 'query');
      const byName = new Map(inQuery.map((parameter) => [parameter.name, parameter]));
      const problems: string[] = [];
      for (const [name, value] of request.query) {
        const parameter = byName.get(name) ?? byName.get(bareName(name));
        if (parameter === undefined) problems.push(`unknown parameter ${name}`);
        else problems.push(...misfit(parameter, name, value));
      }
      const given = new Set([...request.query.keys()].flatMap((name) => [name, bareName(name)]));
      for (const { name, required } of inQuery)
        if (required === true && !given.has(name)) problems.push(`missing parameter ${name}`);
      if (request.body !== undefined && operation.requestBody?.content?.['application/json'])
        problems.push(
          ...validate(
            pointer(
              'paths',
              template,
              method,
              'requestBody',
              'content',
              'application/json',
              'schema',
            ),
            request.body,
            'body',
          ),
        );
      return problems;
    },
    answer(request, status, body) {
      const found = find(request);
      if (found === null) return [];
      const { operation, template, method } = found;
      const key = [String(status), `${String(status)[0]}XX`, 'default'].find(
        (candidate) => operation.responses?.[candidate] !== undefined,
      );
      // Google's answers hang on a reference, as errors of many do.
      const response = key === undefined ? undefined : operation.responses?.[key];
      const type = Object.keys(response?.content ?? {}).find((each) => /json|\*\/\*/.test(each));
      if (key === undefined || type === undefined) return [];
      return validate(
        pointer('paths', template, method, 'responses', key, 'content', type, 'schema'),
        body,
        'answer',
      );
    },
  };
}

/** OpenAPI 3.0's `nullable` as JSON Schema says it; ajv knows it only beside a type. */
function withNulls(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withNulls);
  if (typeof node !== 'object' || node === null) return node;
  const { nullable, ...rest } = Object.fromEntries(
    Object.entries(node).map(([name, inner]) => [name, withNulls(inner)]),
  );
  if (nullable !== true)
    return nullable === false || nullable === undefined ? rest : { ...rest, nullable };
  const { type, enum: values } = rest;
  if (type === undefined) return { anyOf: [rest, { type: 'null' }] };
  return {
    ...rest,
    type: [type, 'null'].flat(),
    ...(Array.isArray(values) ? { enum: [...values, null] } : {}),
  };
}

function misfit({ schema }: Parameter, name: string, value: string): readonly string[] {
  const fits =
    schema?.enum !== undefined
      ? schema.enum.map(String).includes(value)
      : schema?.type === 'integer'
        ? /^-?\d+$/.test(value)
        : schema?.type === 'boolean'
          ? /^(true|false)$/.test(value)
          : true;
  return fits ? [] : [`${name} cannot be ${value}`];
}

/** One check of several files; null when any is not there. */
export function openApiChecks(
  ...files: readonly (readonly [file: string, prefix?: string])[]
): ApiCheck | null {
  const checks = files.map(([file, prefix]) => openApiCheck(file, prefix));
  if (checks.some((check) => check === null)) return null;
  const [first, ...rest] = checks.filter((check) => check !== null);
  const of = (request: CheckedRequest): ApiCheck | undefined =>
    rest.find((check) => check.knows(request)) ?? first;
  return {
    knows: (request) => of(request)?.knows(request) === true,
    request: (request) => of(request)?.request(request) ?? [],
    answer: (request, status, body) => of(request)?.answer(request, status, body) ?? [],
  };
}
