import { useEffect } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';

/** Says of a file that is pasted or dropped anywhere that it cannot be sent, instead of nothing, or of leaving the page for it. */
export const useOnlyText = () => {
  const { notices } = useApp();
  const { t } = useWords();
  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => {
      // Programs for tables put a picture beside their text.
      if (!event.clipboardData?.files.length || event.clipboardData.getData('text/plain')) return;
      event.preventDefault();
      notices.show(t('composer.onlyText'));
    };
    const onDrag = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      if (event.type === 'drop') notices.show(t('composer.onlyText'));
    };
    document.addEventListener('paste', onPaste);
    document.addEventListener('dragover', onDrag);
    document.addEventListener('drop', onDrag);
    return () => {
      document.removeEventListener('paste', onPaste);
      document.removeEventListener('dragover', onDrag);
      document.removeEventListener('drop', onDrag);
    };
  }, [notices, t]);
};
