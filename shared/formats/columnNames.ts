/**
 * Names for the columns of a header as it stands in a file: trimmed; an empty one is called after its position
 * (`column_3`); one that comes again gets a number (`amount_2`). Every name is then there once.
 */
export function columnNames(header: readonly string[]): string[] {
  const given = new Set(header.map((name) => name.trim()));
  const taken = new Set<string>();
  return header.map((raw, index) => {
    const wanted = raw.trim() === '' ? `column_${index + 1}` : raw.trim();
    let name = wanted;
    for (let count = 2; taken.has(name) || (name !== raw.trim() && given.has(name)); count++)
      name = `${wanted}_${count}`;
    taken.add(name);
    return name;
  });
}
