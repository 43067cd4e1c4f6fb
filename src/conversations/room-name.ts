import { fold } from '../accounts/username-key.ts';
import type { ConversationStore } from '../ports/storage.ts';
import { lobbyId } from '../protocol/index.ts';

/** The form under which a room's name is unique, and by which it is found. */
export const roomNameKey = (name: string): string => fold(name).trim().replace(/\s+/g, ' ');

/** The lobby is addressed like a room, so no room may have its name. */
export const lobbyNameKey = lobbyId;

/** The id of the room of this name, or of the lobby; undefined where there is none. Who may enter is not asked here. */
export const createFindRoomId =
  ({ storage }: { storage: ConversationStore }) =>
  async (name: string): Promise<string | undefined> => {
    const key = roomNameKey(name);
    if (key === lobbyNameKey) return lobbyId;
    const row = await storage.findRoom(key);
    return row && row.deleted_at === null ? row.id : undefined;
  };
