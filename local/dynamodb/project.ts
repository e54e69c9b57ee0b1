import { type AttributeValue, type Item, type Path, valueAt } from './attributeValue.ts';

interface Tree {
  readonly children: Map<string | number, Tree>;
  value?: AttributeValue;
}

/** Only what the paths name, nested as it was; list members keep their order and close up. */
export function project(item: Item, paths: readonly Path[]): Item {
  const root: Tree = { children: new Map() };
  for (const path of paths) {
    const value = valueAt(item, path);
    if (value === undefined) continue;
    let node = root;
    for (const step of path) {
      const child = node.children.get(step) ?? { children: new Map() };
      node.children.set(step, child);
      node = child;
    }
    node.value = value;
  }
  return mapOf(root);
}

const mapOf = (tree: Tree): Item =>
  Object.fromEntries([...tree.children].map(([name, child]) => [name, treeValue(child)]));

function treeValue(tree: Tree): AttributeValue {
  if (tree.value !== undefined) return tree.value;
  const steps = [...tree.children.keys()];
  if (typeof steps[0] !== 'number') return { M: mapOf(tree) };
  const members = [...tree.children].sort(([left], [right]) => Number(left) - Number(right));
  return { L: members.map(([, child]) => treeValue(child)) };
}
