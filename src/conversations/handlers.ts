import type { Handlers } from '../invoke.ts';
import { createCreation } from './handlers/create.ts';
import { createListing } from './handlers/listing.ts';
import { createMembership } from './handlers/membership.ts';
import { createModeration } from './handlers/moderation.ts';
import type { ConversationOperationName, HandlerParts } from './handlers/parts.ts';
import { createSettings } from './handlers/settings.ts';

export const createConversationHandlers = (parts: HandlerParts): Handlers<ConversationOperationName> => ({
  ...createCreation(parts),
  ...createListing(parts),
  ...createMembership(parts),
  ...createSettings(parts),
  ...createModeration(parts),
});
