/** Attributes and properties of our components that people read or hear. */
const readAttributes = new Set([
  'alt',
  'aria-description',
  'aria-label',
  'aria-roledescription',
  'aria-valuetext',
  'caption',
  'here',
  'hint',
  'label',
  'lead',
  'note',
  'placeholder',
  'text',
  'title',
])

const brand = /Latchkey/g
const isText = (text) => /\p{L}/u.test(text.replace(brand, ''))

/** The parts of an expression whose text would be shown; what a function gets is its own affair. */
function* shownParts(node) {
  if (node.type === 'Literal' && typeof node.value === 'string') yield [node, node.value]
  else if (node.type === 'TemplateLiteral')
    yield [node, node.quasis.map((quasi) => quasi.value.cooked).join('')]
  else if (node.type === 'ConditionalExpression') {
    yield* shownParts(node.consequent)
    yield* shownParts(node.alternate)
  } else if (
    node.type === 'LogicalExpression' ||
    (node.type === 'BinaryExpression' && node.operator === '+')
  ) {
    yield* shownParts(node.left)
    yield* shownParts(node.right)
  }
}

const isMarkedSo = (element) =>
  element.startTag?.attributes.some(
    ({ type, key, value }) =>
      type === 'SvelteAttribute' && key.name === 'translate' && value[0]?.value === 'no',
  )

/** `translate="no"` marks what is the same in every language: keys, scopes, code. */
function isUntranslated(node) {
  for (let outer = node; outer; outer = outer.parent) if (isMarkedSo(outer)) return true
  return false
}

/** Text that people read comes from messages/, where it exists in every language. */
export default {
  meta: {
    type: 'problem',
    schema: [],
    messages: { literal: '“{{text}}” stands in one language only: see apps/dashboard/messages/README.md.' },
  },
  create(context) {
    const report = (node, text) => {
      if (isText(text) && !isUntranslated(node))
        context.report({ node, messageId: 'literal', data: { text: text.trim() } })
    }
    const reportParts = (expression) => {
      for (const [node, text] of shownParts(expression)) report(node, text)
    }
    return {
      SvelteText(node) {
        if (node.parent.type !== 'SvelteStyleElement') report(node, node.value)
      },
      SvelteMustacheTag(node) {
        if (node.parent.type !== 'SvelteAttribute') reportParts(node.expression)
      },
      SvelteAttribute(node) {
        if (!readAttributes.has(node.key.name)) return
        for (const part of node.value)
          if (part.type === 'SvelteLiteral') report(part, part.value)
          else if (part.type === 'SvelteMustacheTag') reportParts(part.expression)
      },
    }
  },
}
