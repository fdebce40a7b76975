import postcss, { type AtRule, type Root } from 'postcss'
import type { Plugin } from 'vite'

/** Where the page stands: in a shadow tree of its own, or in a document among others. */
export type Surroundings = 'shadow' | 'document'

/**
 * Bounds the style sheet to the embedded page. What it says of a document it then says of the page, and nothing of what
 * stands around it. `?inline` is for the shadow tree; the build of that writes the other one as well, `style.css`.
 */
export function embedCss(): Plugin {
  return {
    name: 'latchkey:embed-css',
    enforce: 'pre',
    transform: {
      filter: { id: /\/src\/embed\.css/ },
      handler(code, id) {
        const isShadow = id.includes('?inline')
        if (isShadow) {
          const source = boundCss(code, 'document')
          this.emitFile({ type: 'asset', fileName: 'style.css', source })
        }
        return { code: boundCss(code, isShadow ? 'shadow' : 'document'), map: null }
      },
    },
  }
}

/** A style sheet of Tailwind's that reaches nothing outside of the page. */
export function boundCss(css: string, surroundings: Surroundings): string {
  const root = postcss.parse(css)
  const bound = surroundings === 'shadow' ? inShadow : inDocument
  root.walkRules((rule) => {
    // A nested rule is bounded by the one around it, and the steps of an animation are no rules.
    const { parent } = rule
    if (parent?.type === 'rule' || isKeyframes(parent)) return
    rule.selectors = [...new Set(rule.selectors.map((selector) => aboutPage(selector) ?? bound(selector)))]
  })
  if (surroundings === 'shadow') withoutProperties(root)
  return root.toString()
}

const isKeyframes = (node: unknown) => (node as AtRule | undefined)?.name?.endsWith('keyframes') === true

const aboutPage = (selector: string) => (/^(?:html|body)$/.test(selector) ? '.latchkey-page' : null)

const holdsTokens = (selector: string) => /^:(?:root|host)$/.test(selector)

const inShadow = (selector: string) => (holdsTokens(selector) ? ':host' : selector)

const inDocument = (selector: string) =>
  holdsTokens(selector) ? '.latchkey' : `:where(.latchkey) ${selector}`

/** A shadow tree knows no registered properties: what Tailwind has for browsers without them holds for every one. */
function withoutProperties(root: Root): void {
  root.walkAtRules('property', (rule) => void rule.remove())
  root.walkAtRules('layer', ({ params, nodes = [] }) => {
    if (params !== 'properties') return
    for (const node of nodes)
      if (node.type === 'atrule' && node.name === 'supports') node.replaceWith(node.nodes ?? [])
  })
}
