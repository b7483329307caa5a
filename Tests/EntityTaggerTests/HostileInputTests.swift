import BaridSchema
import EntityTagger
import Testing

/// Whatever the bytes are, tagging ends, in time linear in them.
struct HostileInputTests {
    private static let pieces = [
        "رئيس ", "محمد ", "بن ", "#", "#أ_", "(", "10 سبتمبر ", "/", "وزارة ", "ال", "لل",
        "\u{0640}",
        "\u{064B}", "\u{200F}", "\n", ".", "“", "Mr ", "John ", "of ", "The ", "\u{FDFA}", "\u{0}",
        "١٢", "🇱🇾", "a", "مدينة ", "وال",
    ]

    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8])
    func randomPiecesNeverTrapAndSpansHold(seed: UInt64) {
        var state = seed
        var text = ""
        for _ in 0..<400 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            text += Self.pieces[Int(state >> 33) % Self.pieces.count]
        }
        #expect(EntityTagger().tag(text: text).standsWhereItSays(in: text))
    }

    @Test(arguments: pieces)
    func oneTokenWithoutEndIsRead(piece: String) {
        let text = String(repeating: piece, count: 3000)
        #expect(EntityTagger().tag(text: text).standsWhereItSays(in: text))
    }
}
