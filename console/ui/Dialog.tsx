import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { describeError } from '../text/describeError.ts';
import { Alert } from './Alert.tsx';
import { Button, type ButtonProps } from './Button.tsx';

interface DialogProps {
  readonly title: string;
  readonly children: ReactNode;
  /** On the button that does it. */
  readonly action: string;
  readonly actionKind?: ButtonProps['kind'];
  readonly actionDisabled?: boolean;
  /** What the button does. The dialog closes when it is done, and shows what went wrong when it is not. */
  readonly onAction: () => Promise<void> | void;
  readonly onClose: () => void;
  readonly wide?: boolean;
}

/** A question that has to be answered first. The browser keeps the focus inside and closes it with Escape. */
export function Dialog(props: DialogProps) {
  const { title, children, action, actionKind = 'primary', onAction, onClose } = props;
  const element = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const act = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await onAction();
      onClose();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return (
    <dialog
      ref={element}
      aria-labelledby={id}
      className={props.wide ? 'dialog wide' : 'dialog'}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!props.actionDisabled && !busy) void act();
        }}
      >
        <h2 id={id}>{title}</h2>
        <div className="dialog-body">
          {children}
          {error !== undefined && <Alert kind="error">{describeError(error)}</Alert>}
        </div>
        <div className="dialog-actions">
          <Button kind="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" kind={actionKind} busy={busy} disabled={props.actionDisabled}>
            {action}
          </Button>
        </div>
      </form>
    </dialog>
  );
}

interface TypedConfirmProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly action: string;
  /** What has to be typed before the button works. */
  readonly word: string;
  readonly onAction: () => Promise<void>;
  readonly onClose: () => void;
}

/** For what cannot be taken back: the name has to be typed first. */
export function TypedConfirm({ word, children, ...rest }: TypedConfirmProps) {
  const [typed, setTyped] = useState('');
  const id = useId();
  return (
    <Dialog {...rest} actionKind="danger" actionDisabled={typed !== word}>
      {children}
      <label className="field" htmlFor={id}>
        <span className="field-label">
          Type <code>{word}</code> to confirm
        </span>
        <input
          id={id}
          className="input"
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
    </Dialog>
  );
}
