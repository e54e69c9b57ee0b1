import { useState } from 'react';
import { Button } from './Button.tsx';

/** Text to read or copy, as it is. */
export function Code({ text, label }: { readonly text: string; readonly label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <div className="code">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable */}
      <pre role="group" tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <Button
        kind="plain"
        icon={copied ? 'check' : 'copy'}
        aria-label={copied ? 'Copied' : `Copy: ${label}`}
        onClick={() => void copy()}
      />
    </div>
  );
}
