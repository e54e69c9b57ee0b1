import { countText } from '../text/format.ts';
import { Button } from './Button.tsx';

interface PagerProps {
  /** From 0. */
  readonly page: number;
  readonly pageSize: number;
  readonly total: number;
  readonly onPage: (page: number) => void;
}

export function Pager({ page, pageSize, total, onPage }: PagerProps) {
  const last = Math.max(0, Math.ceil(total / pageSize) - 1);
  const from = total === 0 ? 0 : page * pageSize + 1;
  return (
    <nav className="pager" aria-label="Pages">
      <span>
        {countText(from)}–{countText(Math.min(total, (page + 1) * pageSize))} of {countText(total)}
      </span>
      <Button
        kind="quiet"
        icon="back"
        aria-label="Previous page"
        disabled={page === 0}
        onClick={() => onPage(page - 1)}
      />
      <Button
        kind="quiet"
        icon="arrowRight"
        aria-label="Next page"
        disabled={page >= last}
        onClick={() => onPage(page + 1)}
      />
    </nav>
  );
}
