import BaridText
import Testing

struct ScalarTextTests {
    @Test(arguments: UInt64(1)...100)
    func offsetsRoundTrip(seed: UInt64) {
        let text = ScalarText(awkwardText(seed: seed))
        #expect(text.count == text.string.unicodeScalars.count)
        var walked = text.string.unicodeScalars.startIndex
        for offset in 0...text.count {
            let index = text.index(ofScalar: offset)
            #expect(index == walked)
            #expect(text.scalarOffset(of: index) == offset)
            #expect(text.scalarOffset(ofUTF8: text.utf8Offset(ofScalar: offset)) == offset)
            if offset < text.count {
                text.string.unicodeScalars.formIndex(after: &walked)
                #expect(text[offset..<(offset + 1)].unicodeScalars.first == text.scalars[offset])
            }
        }
        #expect(text.utf8Offset(ofScalar: text.count) == text.string.utf8.count)
        #expect(text.string.substring(scalars: 3..<17) == text[3..<17])
    }

    @Test func offsetsOutsideAreCut() {
        let text = ScalarText("خبر")
        #expect(text[-4..<99] == "خبر")
        #expect(text.utf8Offset(ofScalar: 99) == 6)
        #expect(text.scalarOffset(ofUTF8: 3) == 1)
        #expect(text.scalarOffset(ofUTF8: -1) == 0)
        #expect("خبر".substring(scalars: 2..<99) == "ر")
        #expect("خبر".substring(scalars: 7..<99) == "")
    }
}
