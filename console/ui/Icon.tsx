const paths = {
  add: 'M8 3v10M3 8h10',
  arrowDown: 'M4 6l4 4 4-4',
  arrowRight: 'M6 4l4 4-4 4',
  back: 'M10 3L5 8l5 5',
  calendar: 'M3 4h10v9H3zM3 7h10M6 2v3M10 2v3',
  cancel: 'M4 4l8 8M12 4l-8 8',
  catalog: 'M3 3h10v3H3zM3 6v7h10V6M6.5 6v7',
  check: 'M3 8.5l3.5 3.5L13 5',
  copy: 'M6 5h7v8H6zM3 11V3h7',
  down: 'M8 3v9M4 8.5L8 12l4-3.5',
  file: 'M4 2h5l3 3v9H4zM9 2v3h3',
  health: 'M2 8h3l2-4 3 8 1.5-4H14',
  more: 'M3 8h.6M7.7 8h.6M12.4 8h.6',
  pause: 'M5.5 3v10M10.5 3v10',
  play: 'M5 3l8 5-8 5z',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.5M13 2v3h-3',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM11 11l3 3',
  settings: 'M2 5h7M13 5h1M2 11h1M7 11h7M9 3h4v4H9zM3 9h4v4H3z',
  sources:
    'M3 4c0-1.2 10-1.2 10 0v8c0 1.2-10 1.2-10 0zM3 4c0 1.2 10 1.2 10 0M3 8c0 1.2 10 1.2 10 0',
  trash: 'M3 4h10M6 4V2h4v2M4 4l.7 10h6.6L12 4',
  undo: 'M5 3L2 6l3 3M2 6h7a4 4 0 0 1 0 8H6',
  up: 'M8 13V4M4 7.5L8 4l4 3.5',
  warn: 'M8 2l6.5 12h-13zM8 6.5v3.5M8 12h.01',
} as const;
export type IconName = keyof typeof paths;

/** A drawing beside words; assistive technology does not hear of it. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
