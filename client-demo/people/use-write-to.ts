import type { User } from 'parley/client';
import { useApp } from '../app/context.ts';

/** Opens the direct conversation with somebody; one that is there needs no connection. */
export const useWriteTo = () => {
  const { client, route, notices } = useApp();
  return async (user: User) => {
    try {
      const known = client.conversations.get().find(({ peer }) => peer?.id === user.id);
      route.go({ conversation_id: known?.id ?? (await client.direct(user.id)).id });
      return true;
    } catch (error) {
      notices.fail(error);
      return false;
    }
  };
};
