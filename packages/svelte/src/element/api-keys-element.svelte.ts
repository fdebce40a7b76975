import { createClient, type LatchkeyClient } from '@latchkey/client'
import { mount, unmount } from 'svelte'
import type { ApiKeysProps, ChangedKey } from '../api-keys-props.ts'
import ApiKeys from '../ApiKeys.svelte'
import css from '../embed.css?inline'
import type { LatchkeyApiKeysElement } from './element-types.ts'

const themes = ['auto', 'light', 'dark'] as const

/** One for all elements: made by script, it needs no permission of a content security policy. */
const styles = new CSSStyleSheet()
styles.replaceSync(css)

/** The page as an element of any framework, in a shadow tree where no style of the host reaches it. */
export class ApiKeysElement extends HTMLElement implements LatchkeyApiKeysElement {
  static observedAttributes = ['base-url', 'locale', 'theme', 'read-only', 'api-url', 'example-path']

  #client = $state.raw<LatchkeyClient | null>(null)
  /** Counts changes of attributes, which the page follows. */
  #changes = $state(0)
  #page: object | null = null

  get client(): LatchkeyClient | null {
    return this.#client
  }
  set client(client: LatchkeyClient | null) {
    this.#client = client
  }

  connectedCallback(): void {
    // Set before the element was known, it hides the property of this class.
    if (Object.hasOwn(this, 'client')) {
      const { client } = this
      Reflect.deleteProperty(this, 'client')
      this.client = client
    }
    const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' })
    root.adoptedStyleSheets = [styles]
    this.#page = mount(ApiKeys, { target: root, props: this.#props() })
  }

  disconnectedCallback(): void {
    if (this.#page) void unmount(this.#page)
    this.#page = null
  }

  attributeChangedCallback(): void {
    this.#changes += 1
  }

  /** Read by the page, again whenever an attribute or the client has changed. */
  #props(): ApiKeysProps {
    const text = (name: string) => (this.#changes, this.getAttribute(name) ?? undefined)
    const baseUrl = $derived(text('base-url'))
    const client = $derived(this.#client ?? clientOf(baseUrl))
    const tell = (what: string) => (detail: ChangedKey) =>
      void this.dispatchEvent(new CustomEvent(what, { detail, bubbles: true, composed: true }))
    return {
      get client() {
        return client
      },
      get locale() {
        return text('locale')
      },
      get theme() {
        return themes.find((theme) => theme === text('theme'))
      },
      get readOnly() {
        return text('read-only') !== undefined
      },
      get apiUrl() {
        return text('api-url')
      },
      get examplePath() {
        return text('example-path')
      },
      oncreated: tell('latchkey-key-created'),
      ondeleted: tell('latchkey-key-deleted'),
    }
  }
}

/** Relative to the document, as addresses in its attributes are. */
function clientOf(baseUrl = '/v1/api-keys'): LatchkeyClient {
  const { origin, pathname } = new URL(baseUrl, document.baseURI)
  return createClient({ baseUrl: origin, routePrefix: pathname.replace(/\/$/, '') })
}
