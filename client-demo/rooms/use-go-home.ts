import { useApp } from '../app/context.ts';

/** Away from a conversation that is gone: to the lobby, or to the list where there is room for one of them only. */
export const useGoHome = () => {
  const { route } = useApp();
  return (from: string) => {
    if (route.get().conversation_id !== from) return;
    route.replace(matchMedia('(width >= 48rem)').matches ? { conversation_id: 'lobby' } : {});
  };
};
