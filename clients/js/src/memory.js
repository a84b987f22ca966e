/** The memory of the tenant's agents, or of the agent that is connected; see `Hub.memory`. */
export class Memory {
  #request;

  /** @param {(method: string, params: object) => Promise<any>} request */
  constructor(request) {
    this.#request = request;
  }

  /** Puts a Markdown document; resolves when it is on the hub's disk. */
  put(text, { id, agent, tags, session } = {}) {
    return this.#ask('memory.put', { text, id, agentId: agent, tags, session });
  }

  /** The text of a document, or of `MEMORY.md` or `memory/….md`, whole or some lines of it. */
  get(id, { agent, from, lines } = {}) {
    return this.#ask('memory.get', { id, agentId: agent, from, lines });
  }

  /** Documents without their text, those written last first. */
  list({ agent, session, tag, since, before, cursor, limit } = {}) {
    const filter = { session, tag, since, before };
    return this.#ask('memory.list', { agentId: agent, ...filter, cursor, limit });
  }

  /** Searches by words and by likeness; best first. */
  search(query, { agent, session, tag, since, before, limit } = {}) {
    const filter = { session, tag, since, before };
    return this.#ask('memory.search', { query, agentId: agent, ...filter, limit });
  }

  /** Deletes a document; resolves to whether it was there. */
  async delete(id, { agent } = {}) {
    const { deleted } = await this.#ask('memory.delete', { id, agentId: agent });
    return deleted;
  }

  #ask(method, params) {
    const given = Object.entries(params).filter(([, value]) => value !== undefined);
    return this.#request(method, Object.fromEntries(given));
  }
}
