"""Frequent given names, to recognize a column of persons under any name."""

NAMES = frozenset(
    """
    aaron adam ahmed alan albert alejandro alex alexander alexandra ali alice alina amanda amelie
    amir amy ana anders andrea andreas andrew angela anita anja anna anne annette anthony antonio
    arthur astrid aylin barbara beatrice ben benjamin bernd bernhard betty bianca björn bob brandon
    brenda brian bruno camille carl carla carlos carmen carol caroline catherine charles charlotte
    cheryl chiara chloe chris christian christina christine christopher claire clara claudia
    cristina cynthia daniel daniela david deborah denise dennis diana diego dieter dimitri dirk
    dmitri donald donna doris dorothy douglas edward elena elif elisabeth elizabeth ella emilia
    emily emma eric erik ernst esther eva evelyn fabian fatima felix fernando florian frances
    francesca francesco francisco frank franz frederik friedrich gabriel gabriele george gerald
    gerhard gianni giovanni giulia giuseppe gloria gregory greta guido guillaume günter hannah
    hans harald harold hassan heather heike heinz helen helena helga henri henrik henry herbert
    horst hugo ian ibrahim ingrid irene isabel isabella ivan jack jacob jacqueline jakob james jan
    jana janet janice jason javier jean jeffrey jennifer jens jeremy jessica joan joão joe johan
    johanna john jonas jonathan jordan jorge josé josef joseph joshua joyce juan judith judy julia
    julian julie jürgen justin karen karin karl katarina katharina katherine kathleen kathrin kelly
    kenneth kerstin kevin kim klaus kristin krzysztof lara larry lars laura lauren lea lena leo
    leon leonardo liam lina linda lisa logan louis louise luca lucas lucia luis luisa lukas maja
    manfred manuel marc marco marcus margaret maria marie marina mario marion mark marko markus
    marta martha martin martina mary mateo matthew matthias maurice max maximilian megan mehmet
    melanie melissa mia michael michał michelle miguel mike mila mohamed mohammed monica monika
    muhammad mustafa nadia nancy natalia natalie nicholas nick nicolas nicole niklas nils nina noah
    nora oleg olga oliver olivia omar oscar otto pablo pamela paolo patricia patrick paul paula
    pedro peter petra philip philipp pierre pietro piotr rachel rafael rainer ralf ralph raymond
    rebecca regina renate ricardo richard robert roberto robin roger roland rolf ronald rosa rose
    roy ruth ryan sabine sam samantha samuel sandra santiago sara sarah scott sean sebastian
    sergei sergio sharon shirley silke silvia simon simone sofia sonja sophia sophie stefan
    stefanie stephan stephanie stephen steve steven susan susanne sven svetlana tanja tatjana
    teresa theo theodor theresa thomas thorsten tim timothy tina tobias tom tomasz torsten tyler
    ulrich ulrike ursula uwe vanessa vera verena veronika victor victoria viktor vincent virginia
    vladimir walter werner wilhelm william wolfgang yasmin yusuf yvonne zachary zeynep zoe
    """.split()  # noqa: SIM905
)
