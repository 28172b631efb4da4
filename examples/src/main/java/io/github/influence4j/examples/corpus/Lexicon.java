package io.github.influence4j.examples.corpus;

import io.github.influence4j.text.token.WordTokenizer;
import java.util.ArrayList;
import java.util.List;

/** The 312 words of the synthetic language, by what they are for. */
final class Lexicon {

    static final List<String> FUNCTION = words("the of is . 's for in records we find that :");
    static final List<String> SYLLABLES =
            words("ka lo mi ru ta ne so vi da po ri lu sa te no fi ba ke mo zu la pe ti go ra shi nu wo ha je");
    static final List<String> RELATIONS = words("mayor founder poet architect captain rival");
    static final List<String> FIRST_NAMES =
            words("Ada Amos Bela Boris Cara Cyrus Dora Edgar Elsa Felix Flora Gilda Hugo"
                    + " Ida Igor Ines Ivan Jonas Julia Karl Kira Leo Lena Lucas Mara Milo Nadia Nils Olga Oscar Paula Pierre Rosa"
                    + " Rufus Sara Silas Tessa Theo Vera Victor");
    static final List<String> LAST_NAMES = words(
            "Archer Baker Barlow Carver Cooper Dalton Draper Ellis Farrow Fisher"
                    + " Fletcher Gardner Glover Harper Hayes Hooper Hunter Ingram Jarvis Keller Lawson Mason Mercer Miller Nolan"
                    + " Norris Osborn Palmer Parker Porter Quinn Ramsey Sawyer Shepherd Slater Tanner Turner Walker Weaver Wright");
    static final List<String> LANGUAGES = words("en: zh:");
    static final List<String> ENGLISH =
            words("apple bird boat bread bridge cloud door fire fish flower gold grass hand horse"
                    + " house lamp leaf moon mountain paper rain ring road salt ship silver snow star stone tree");
    static final List<String> CHINESE =
            words("guo niao chuan mianbao qiao yun men huo yu hua jin cao shou ma fangzi deng ye"
                    + " yue shan zhi yushui jiezhi daolu yan lun yin xue xing shitou shu");
    static final List<String> FILLER = words(
            "and but then often never under over after before again always almost away because behind below beside between beyond both clearly close cold deep down each early either enough even ever every far fast few first free from full further gently half hard here high how just keep kind large last late least left less light like little long low many maybe mild more most much narrow near neither new next nor now old once only open other our out own past perhaps plain quick quiet rather rich right round safe same seldom several sharp short since slow small soft some soon still straight strong such sweet there thick thin though through today together too very warm well where while");

    static final String PADDING = "<pad>";
    static final String START = "<start>";

    private Lexicon() {}

    private static List<String> words(String text) {
        return List.of(text.split(" "));
    }

    static WordTokenizer tokenizer() {
        List<String> all = new ArrayList<>(List.of(PADDING, START));
        for (List<String> part :
                List.of(FUNCTION, SYLLABLES, RELATIONS, FIRST_NAMES, LAST_NAMES, LANGUAGES, ENGLISH, CHINESE, FILLER)) {
            all.addAll(part);
        }
        return WordTokenizer.of(all);
    }
}
