extension Lexicon {
    /// English terms; see ``arabic`` for the form.
    static let english = """
        profanity 0.85 ia: fuck fucker motherfucker motherfucking shit bullshit asshole bastard dickhead wanker twat cunt cock prick bollocks arsehole jackass dumbass fuckwit shithead douchebag
        profanity 0.85 a: son_of_a_bitch piece_of_shit fuck_you fuck_off go_fuck_yourself screw_you suck_my kiss_my_ass
        sexual 0.85 ia: whore slut hooker bitch skank
        sexual 0.7 a: hot_girls_near free_porn sex_videos porn nude_pics xxx_videos
        insult 0.65 i: idiot moron imbecile retard retarded scumbag scum lowlife dimwit halfwit nitwit cretin degenerate dunce simpleton loser vermin filth dirtbag sleazebag weasel dumb_fool brainless
        insult 0.6 id: stupid dumb ignorant pathetic disgusting ugly worthless clown liar traitor coward crook thief hypocrite fool pig dog donkey rat snake monkey cockroach parasite swine jerk
        insult 0.7: shut_up shut_the drop_dead go_to_hell rot_in_hell burn_in_hell you_make_me_sick waste_of_space waste_of_oxygen get_lost piss_off brain_dead you_people_disgust
        hate 0.85: subhuman sub_human exterminate_them wipe_them_out gas_them kill_them_all hang_them_all they_are_animals they_are_vermin send_them_all_back deport_them_all burn_them_all they_all_deserve_to_die
        threat 0.9: i_will_kill_you i'll_kill_you we_will_kill_you we'll_kill_you i_will_find_you_and i'm_going_to_kill_you i_am_going_to_kill_you going_to_kill_you i_will_hurt_you i'll_hurt_you you_are_dead you're_dead watch_your_back i_will_cut_you i_know_where_you_live i_will_burn_your
        threat 0.75: you_should_die you_deserve_to_die hope_you_die kill_yourself go_kill_yourself deserves_to_be_shot should_be_shot deserves_a_bullet should_be_hanged
        spam 0.6: click_here buy_now earn_money make_money_online work_from_home free_money visit_my_site check_my_channel subscribe_to_my limited_offer cheap_viagra casino_bonus bitcoin_investment dm_me_for whatsapp_me
        """

    /// English phrases that make a term harmless.
    static let harmlessEnglish = """
        guinea_pig pig_farm pork_pig hot_dog dog_food guide_dog sniffer_dog dog_owner rat_race
        snake_bite monkey_pox monkey_bars moby_dick cock_crow identity_thief snake_river police_dog
        """
}
