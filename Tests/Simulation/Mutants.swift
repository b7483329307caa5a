/// All planted faults; fresh ones at each call, because they remember what they saw.
enum Mutants {
    static var all: [Mutant] {
        [
            SkippedSync(), UnawaitedSync(), RetriedSync(), SkippedFolderSync(), EarlyRelease(),
            ForgottenAttempts(), ForgottenAcks(), ForgottenOutputs(), ForgottenDeadLetters(),
            ForgottenIdentities(), OverlookedEvents(), AcceptedOldToken(), AcceptedOldTurn(),
            IgnoredKeys(), EternalLeases(), DoubleDelivery(), WrongReceipts(), ChangedBody(),
            ForgottenReset(), ForgottenDeletion(), ForgottenPurge(), ForgottenPause(),
            GreedyRetention(), OverlookedPins(), EarlyTrim(),
        ]
    }
}
