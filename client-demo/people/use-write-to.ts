import type { User } from 'parley/client';
import { useCallback } from 'preact/hooks';
import { useApp } from '../app/context.ts';

/** Opens the direct conversation with somebody; one that is there needs no connection. */
export const useWriteTo = () => {
  const { client, route, notices } = useApp();
  return useCallback(
    async (user: User, onFound?: () => void) => {
      try {
        const known = client.conversations.get().find(({ peer }) => peer?.id === user.id);
        const conversation_id = known?.id ?? (await client.direct(user.id)).id;
        // A dialog gives the focus back as it closes: before the conversation takes it.
        onFound?.();
        route.go({ conversation_id });
      } catch (error) {
        notices.fail(error);
      }
    },
    [client, route, notices],
  );
};
