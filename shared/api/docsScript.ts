/**
 * What runs in the page of `docsPage`: plain JavaScript for browsers, as text, because nothing else of Headgate's functions
 * does. It builds elements and sets text, never markup.
 */
export const docsScript = String.raw`
'use strict';
const $ = (id) => document.getElementById(id);
const make = (tag, text, props = {}) => Object.assign(document.createElement(tag), text === undefined ? {} : { textContent: text }, props);
const add = (parent, ...children) => { for (const child of children) if (child) parent.append(child); return parent; };
let api;
const operations = [];

const resolved = (schema) => schema && schema.$ref ? api.components.schemas[schema.$ref.split('/').pop()] : schema;

/** A value of a schema's shape, to start from: what is required, defaults, first choices. */
function example(schema, depth = 0) {
  const at = resolved(schema) || {};
  if (at.default !== undefined) return at.default;
  if (at.const !== undefined) return at.const;
  if (at.enum) return at.enum[0];
  const choice = (at.anyOf || at.oneOf || at.allOf || [])[0];
  if (choice) return example(choice, depth + 1);
  if (at.type === 'object' || at.properties) {
    if (depth > 4) return {};
    const wanted = new Set(at.required || []);
    return Object.fromEntries(Object.entries(at.properties || {}).filter(([name]) => wanted.has(name)).map(([name, inner]) => [name, example(inner, depth + 1)]));
  }
  if (at.type === 'array') return [];
  if (at.type === 'integer' || at.type === 'number') return at.minimum || 0;
  if (at.type === 'boolean') return false;
  if (at.type === 'string') return '';
  return null;
}

function typeText(schema) {
  if (schema && schema.$ref) return schema.$ref.split('/').pop();
  const at = schema || {};
  if (at.enum) return at.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (at.const !== undefined) return JSON.stringify(at.const);
  const choices = at.anyOf || at.oneOf;
  if (choices) return choices.map(typeText).join(' | ');
  if (at.type === 'array') return typeText(at.items) + '[]';
  return Array.isArray(at.type) ? at.type.join(' | ') : at.type || 'any';
}

function fieldsTable(schema) {
  const at = resolved(schema);
  if (!at || !at.properties) return null;
  const table = make('table');
  add(table, add(make('tr'), make('th', 'Field'), make('th', 'Type'), make('th', '')));
  const required = new Set(at.required || []);
  for (const [name, inner] of Object.entries(at.properties)) {
    const first = add(make('td'), make('code', name));
    if (required.has(name)) add(first, make('span', ' required', { className: 'quiet' }));
    add(table, add(make('tr'), first, make('td', typeText(inner)), make('td', inner.description || '')));
  }
  return table;
}

function tryIt({ method, path, parameters, body }) {
  const section = make('section');
  add(section, make('h3', 'Try it'));
  const inputs = parameters.map((parameter) => {
    const input = make('input', undefined, { name: parameter.name, required: parameter.required });
    const label = add(make('label'), make('span', parameter.name + (parameter.required ? '' : ' (optional)')), input);
    if (parameter.description) add(label, make('small', parameter.description));
    add(section, label);
    return { parameter, input };
  });
  let text = null;
  if (body) {
    text = make('textarea', undefined, { value: JSON.stringify(example(body), null, 2), spellcheck: false });
    text.setAttribute('aria-label', 'Body');
    add(section, text);
  }
  const button = make('button', 'Send ' + method.toUpperCase(), { type: 'button' });
  const answer = make('pre', '', { hidden: true, tabIndex: 0 });
  answer.setAttribute('aria-live', 'polite');
  button.onclick = async () => {
    let url = path;
    const query = new URLSearchParams();
    const headers = {};
    for (const { parameter, input } of inputs) {
      if (parameter.in === 'path') url = url.replace('{' + parameter.name + '}', encodeURIComponent(input.value));
      else if (input.value === '') continue;
      else if (parameter.in === 'query') query.set(parameter.name, input.value);
      else headers[parameter.name] = input.value;
    }
    if ($('token').value) headers.authorization = 'Bearer ' + $('token').value.trim();
    if (text) headers['content-type'] = 'application/json';
    if ([...query].length) url += '?' + query;
    button.disabled = true;
    answer.hidden = false;
    answer.textContent = '…';
    try {
      const response = await fetch(url, { method: method.toUpperCase(), headers, ...(text ? { body: text.value } : {}) });
      const raw = await response.text();
      let shown = raw;
      try { shown = JSON.stringify(JSON.parse(raw), null, 2); } catch {}
      answer.textContent = response.status + ' ' + response.statusText + '\n\n' + shown;
    } catch (error) {
      answer.textContent = String(error);
    }
    button.disabled = false;
  };
  return add(section, add(make('p'), button), answer);
}

function show() {
  const id = decodeURIComponent(location.hash.slice(1));
  const found = operations.find((each) => each.operation.operationId === id) || operations[0];
  for (const link of document.querySelectorAll('nav a'))
    if (link.hash === '#' + found.operation.operationId) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  const { method, path, operation } = found;
  const body = operation.requestBody && operation.requestBody.content['application/json'].schema;
  const parameters = operation.parameters || [];
  const main = $('main');
  main.replaceChildren();
  add(main, make('h2', operation.summary), add(make('p'), make('span', method.toUpperCase(), { className: 'method' }), make('code', path)));
  if (operation.description) add(main, make('p', operation.description));
  if (body) add(main, make('h3', 'Body'), fieldsTable(body) || make('pre', typeText(body)));
  add(main, make('h3', 'Answers'));
  const answers = make('table');
  for (const [status, answer] of Object.entries(operation.responses)) {
    const content = answer.content && answer.content['application/json'];
    add(answers, add(make('tr'), make('td', status), make('td', answer.description.replaceAll('\n\n', ', ').replaceAll(String.fromCharCode(96), '')), make('td', content ? typeText(content.schema) : '')));
    const fields = content && fieldsTable(content.schema);
    if (fields) { const row = make('td', undefined, { colSpan: 3 }); add(answers, add(make('tr'), add(row, add(make('details'), make('summary', 'Fields'), fields)))); }
  }
  add(main, answers, tryIt({ method, path, parameters, body }));
  document.title = operation.summary + ' · Headgate API';
}

function list() {
  const wanted = $('find').value.toLowerCase();
  const groups = new Map();
  for (const each of operations) {
    const { operation, path, method } = each;
    if (!(operation.summary + ' ' + method + ' ' + path + ' ' + operation.operationId).toLowerCase().includes(wanted)) continue;
    const tag = operation.tags[0];
    if (!groups.has(tag)) groups.set(tag, []);
    groups.get(tag).push(each);
  }
  const box = $('list');
  box.replaceChildren();
  for (const [tag, members] of groups) {
    add(box, make('h2', tag));
    for (const { operation, method } of members)
      add(box, add(make('a', undefined, { href: '#' + operation.operationId }), make('span', method.toUpperCase(), { className: 'method' }), make('span', operation.summary)));
  }
}

(async () => {
  api = await (await fetch('/v1/openapi.json')).json();
  for (const [path, methods] of Object.entries(api.paths))
    for (const [method, operation] of Object.entries(methods)) operations.push({ path, method, operation });
  list();
  show();
  $('find').oninput = () => { list(); show(); };
  addEventListener('hashchange', () => { show(); $('main').focus(); });
})().catch((error) => { $('main').textContent = 'The API description could not be loaded: ' + error; });
`;
